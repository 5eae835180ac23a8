"""What a class asks of a look: what another place would have led to, and how sure the gaze is."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.drawing import MISREAD, DrawPage, numbers, see
from tests.e2e.windows import each_window

WORDS = re.compile(r"^Best p\(4\) [\d.]+\s% at \(.*\), worst [\d.]+\s% at .* is better than \d+\s% of all places\.$")


def read_map(looked: DrawPage) -> None:
    """Points at a place of the map, and asks it for other things than the label's probability."""
    page, reading = looked.page, looked.page.locator(".reading")
    page.mouse.move(*looked.place(-0.5, -0.5))
    expect(reading).to_have_text(re.compile(r"^At \(−0\.(46|54), −0\.(46|54)\): RAM would say \d · p\(4\)"))
    page.locator(".by").select_option("value")
    looked.expect_address("elsewhere=value")
    page.mouse.move(10, 10)
    expect(reading).to_have_text(re.compile("^Best value "))
    page.locator(".by").select_option("right")
    expect(reading).to_have_text(re.compile(r"^Looking there, the answer would be 4 in [\d.]+\s%"))
    page.locator(".by").select_option("probability")
    expect(reading).to_have_text(WORDS)


def test_map_says_what_every_place_would_lead_to_and_keeps_its_promise(looked: DrawPage) -> None:
    page, reading, field = looked.page, looked.page.locator(".reading"), looked.page.locator(".field")
    looked.show_glimpse(3)
    before = field.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("switch", name="Elsewhere?").check()
    expect(reading).to_have_text(WORDS)
    expect(field).to_have_attribute("aria-description", WORDS)
    assert field.evaluate("canvas => canvas.toDataURL()") != before
    looked.expect_address("elsewhere=probability")
    expect(page.locator(".legend")).to_be_visible()
    read_map(looked)
    # The next glimpse has a map of its own.
    third = reading.inner_text()
    page.locator(".viewer").focus()
    page.keyboard.press("ArrowRight")
    expect(reading).not_to_have_text(third)
    expect(reading).to_have_text(WORDS)
    x, y = looked.place(-27 / 28, -27 / 28)  # the middle of the first pixel
    page.mouse.move(x, y)
    expect(reading).to_contain_text("RAM would say 7")
    page.mouse.click(x, y)
    looked.expect_address("force=4")
    expect(looked.count).to_have_text("Glimpse 4 of 6")  # so that one can try the next place
    page.locator(".viewer .last").click()
    see(looked.answer.filter(has_text="RAM says 7"))
    page.get_by_role("switch", name="Elsewhere?").uncheck()
    expect(reading).to_be_hidden()
    page.wait_for_url(lambda address: "elsewhere" not in address)
    page.locator(".viewer .own-way").click()
    expect(page.locator(".findings")).to_be_hidden()


def test_keys_read_the_map_place_by_place(looked: DrawPage) -> None:
    looked.show_glimpse(3)
    looked.page.get_by_role("switch", name="Elsewhere?").check()
    reading = looked.page.locator(".reading")
    expect(reading).to_have_text(re.compile("^Best"))
    # Both keys at once: a moment after the first, the glimpse would look there.
    nudged, dropped = looked.press_at_once(".reading", "Shift+ArrowRight", "Escape")
    assert re.match(r"At \(.*\): RAM would say \d · p\(4\) ", nudged)
    assert dropped.startswith("Best")
    looked.page.locator(".viewer").focus()
    looked.page.keyboard.press("Shift+ArrowRight")
    looked.expect_address("force=3")
    expect(reading).to_have_text(re.compile("^Best"))


def test_link_opens_with_a_map_on_a_larger_field(draw_page: DrawPage) -> None:
    draw_page.open("?sample=8&first=centre&model=cluttered-60&elsewhere=probability")
    expect(draw_page.page.locator(".reading")).to_have_text(re.compile(r"^Best p\(5\) .* of all places\.$"))


def test_policy_is_drawn_and_ten_looks_say_how_often_it_answers_what(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open("?sample=8&first=centre&force=3:2,0")
    see(draw_page.answer.filter(has_text="RAM "))
    expect(page.locator(".classes .share.own").first).to_be_hidden()  # there is no such place
    for gaze in ("mean", "sampled"):
        draw_page.show_glimpse(3)
        if gaze == "sampled":
            before = draw_page.location.inner_text()
            page.get_by_role("button", name="More").click()
            page.get_by_role("radio", name="sampled").click()
            draw_page.expect_address("gaze=sampled")
            page.keyboard.press("Escape")
            expect(draw_page.count).to_have_text("Glimpse 6 of 6")  # of another look
            draw_page.show_glimpse(3)
            expect(draw_page.location).not_to_have_text(before)
        ask_how_sure(draw_page, always_shown=gaze == "sampled")


def ask_how_sure(draw_page: DrawPage, *, always_shown: bool) -> None:
    """Has the policy drawn, which is what sampled locations come from and always stands there, and ten looks."""
    page, field, picture = draw_page.page, draw_page.page.locator(".field"), "canvas => canvas.toDataURL()"
    pictures = [field.evaluate(picture)]
    page.get_by_role("switch", name="How sure is the gaze?").check()
    expect(page.locator(".gaze")).to_contain_text("σ = 0.20")
    pictures.append(field.evaluate(picture))
    page.get_by_role("switch", name="ten looks").check()
    answers = re.compile(r"(Of ten sampled looks, \w+ says? \d(, \w+ says? \d)*|All ten sampled looks say \d)\.$")
    expect(page.locator(".sure")).to_have_text(answers)
    draw_page.expect_address("policy=looks")
    pictures.append(field.evaluate(picture))
    assert pictures[2] not in pictures[:2]
    assert (pictures[0] == pictures[1]) == always_shown
    draw_page.show_glimpse(1)
    expect(page.locator(".gaze")).to_contain_text("No policy chooses the first glimpse")
    page.get_by_role("switch", name="ten looks").uncheck()
    page.get_by_role("switch", name="How sure is the gaze?").uncheck()
    page.wait_for_url(lambda address: "policy" not in address)


def test_questions_have_no_violations_and_fit(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open(MISREAD + "&force=4:-1,-1&elsewhere=probability&policy=looks")
    expect(page.locator(".reading")).to_have_text(re.compile("^Best"), timeout=60_000)
    for _ in each_window(page, ("light", 1440), ("dark", 1024), ("light", 390)):
        assert page.locator(".viewer").evaluate("element => element.scrollWidth - element.clientWidth") <= 0
        assert violations(page) == []
    see(page.locator(".versus", has_text="Glimpse 4 moved"))
    x, y = numbers(draw_page.location.inner_text())
    page.mouse.move(*draw_page.place(x, y))
    page.mouse.down()
    page.mouse.move(*draw_page.place(x - 0.3, y - 0.3))
    expect(page.locator(".viewer.held")).to_have_count(1)
    assert violations(page) == []
    page.mouse.up()
