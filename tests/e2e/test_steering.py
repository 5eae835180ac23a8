"""What a class does with a look: moves a glimpse, takes it back, asks what another place would have changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.axe import violations
from tests.e2e.drawing import FRAMES, DrawPage, see
from tests.e2e.windows import each_window
from tests.processes import wait_until

DIGIT = "?sample=2130&first=centre"  # a four that is read as a nine
MARGIN, SIDE = 4.5, 28  # pixels of the image in the field, and around it


@pytest.fixture
def looked(draw_page: DrawPage) -> DrawPage:
    """The Draw page with a digit that has been looked at to the end."""
    draw_page.open(DIGIT)
    see(draw_page.answer.filter(has_text="RAM says 9"))
    return draw_page


def place(draw_page: DrawPage, x: float, y: float) -> tuple[float, float]:
    """Where a location lies on the screen."""
    box = draw_page.page.locator(".field").bounding_box()
    assert box is not None
    across, down = ((MARGIN + (at + 1) / 2 * SIDE) / (SIDE + 2 * MARGIN) for at in (x, y))
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def show_glimpse(draw_page: DrawPage, number: int) -> None:
    """Steps to a glimpse."""
    draw_page.page.locator(".viewer").focus()
    draw_page.page.keyboard.press("Home")
    for _ in range(number - 1):
        draw_page.page.keyboard.press("ArrowRight")
    expect(draw_page.count).to_have_text(f"Glimpse {number} of 6")


def button(draw_page: DrawPage, name: str) -> Locator:
    return draw_page.page.locator(".viewer").get_by_role("button", name=name)


def location(draw_page: DrawPage) -> Locator:
    return draw_page.page.locator(".viewer .location")


def forced(draw_page: DrawPage) -> dict[int, tuple[float, float]]:
    """What the address says."""
    found = re.search(r"[?&]force=([^&]*)", draw_page.page.url)
    text = found[1].replace("%3A", ":").replace("%2C", ",").replace("%3B", ";") if found else ""
    parts = [part.partition(":") for part in text.split(";") if part]
    return {int(number): (float(at.split(",")[0]), float(at.split(",")[1])) for number, _, at in parts}


def test_click_moves_the_glimpse_on_screen_and_the_model_goes_on_from_there(looked: DrawPage) -> None:
    show_glimpse(looked, 4)
    looked.page.mouse.click(*place(looked, -0.9, -0.9))
    looked.expect_address("force=4")
    assert forced(looked)[4] == pytest.approx((-0.9, -0.9), abs=0.02)
    see(looked.page.locator(".versus", has_text=re.compile(r"^Glimpse 4 moved\. p\(9\) .* → .*, value .* → .*\.")))
    expect(looked.count).to_have_text("Glimpse 6 of 6")  # without motion the end is there at once
    expect(looked.page.locator(".classes .share.own:visible")).to_have_count(10)
    expect(looked.page.locator(".classes li").nth(9).locator(".share.own")).to_have_text("93.5 %")
    expect(looked.page.locator(".own-number")).to_have_text(re.compile(r"^\d\.\d\d →$"))
    show_glimpse(looked, 4)
    expect(location(looked)).to_have_text(re.compile(r"\(−0\.(89|90|91), −0\.(89|90|91)\)"))
    # Another digit is looked at in the model's own way.
    looked.page.locator(".gallery button").first.click()
    looked.page.wait_for_url(lambda _: forced(looked) == {})
    expect(button(looked, "Its own way")).to_be_disabled()
    expect(button(looked, "Undo move")).to_be_disabled()
    # A click beyond the border moves the glimpse to the border.
    show_glimpse(looked, 1)
    looked.page.mouse.click(*place(looked, 1.2, -1.2))
    looked.expect_address("first=place", "x=1", "y=-1")
    show_glimpse(looked, 1)
    expect(location(looked)).to_have_text("location (1.00, −1.00)")


@pytest.mark.usefixtures("motion")
def test_after_a_click_it_plays_on_from_there(draw_page: DrawPage) -> None:
    draw_page.open(DIGIT + "&speed=4")
    see(draw_page.answer.filter(has_text="RAM says 9"))
    show_glimpse(draw_page, 3)
    draw_page.page.mouse.click(*place(draw_page, 0.8, 0.8))
    draw_page.expect_address("force=3")
    expect(draw_page.answer).to_contain_text("RAM ")
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")


def numbers(text: str) -> list[float]:
    return [float(part.replace("−", "-")) for part in re.findall(r"−?[\d.]+", text)]


def drag_window(looked: DrawPage) -> None:
    """Drags the window of the third glimpse to another place, and sees what is shown meanwhile and afterwards."""
    mouse, patch = looked.page.mouse, looked.page.locator(".patches canvas").first
    before = patch.evaluate("canvas => canvas.toDataURL()")
    x, y = numbers(location(looked).inner_text())
    mouse.move(*place(looked, x + 0.15, y + 0.15))  # inside the window, away from its middle
    mouse.down()
    mouse.move(*place(looked, 0.65, 0.35), steps=5)
    expect(location(looked)).to_have_text(re.compile(r"\(0\.(49|50|51), 0\.(19|20|21)\)"))
    assert patch.evaluate("canvas => canvas.toDataURL()") != before
    assert forced(looked) == {}  # nothing is sent before it is let go ...
    expect(looked.page.locator(".classes .share.yours").first).to_have_css("opacity", "0")  # ... and nothing known
    mouse.up()
    looked.expect_address("force=3")
    expect(looked.page.locator(".classes .share.yours").first).to_have_css("opacity", "1")
    assert forced(looked)[3] == pytest.approx((0.5, 0.2), abs=0.02)


def test_window_is_moved_by_mouse_and_keys_and_let_go_of_by_escape(looked: DrawPage) -> None:
    show_glimpse(looked, 3)
    own = location(looked).inner_text()
    moved, let_go = looked.press_at_once(".location", "Shift+ArrowDown", "Escape")
    assert moved != own
    assert let_go == own
    drag_window(looked)
    button(looked, "Its own way").click()
    looked.page.wait_for_url(lambda _: forced(looked) == {})
    # By keys it moves by pixels, and the viewer stays there.
    show_glimpse(looked, 3)
    expect(location(looked)).to_have_text(own)
    x, y = numbers(own)
    for key in ["ArrowRight"] * 3 + ["ArrowUp"] * 2:
        looked.page.keyboard.press(f"Shift+{key}")
    end = pytest.approx((x + 6 / 28, y - 4 / 28), abs=0.011)
    looked.page.wait_for_url(lambda _: forced(looked).get(3) == end)  # in one move, or in several where keys are slow
    see(looked.page.locator(".versus", has_text="Glimpse 3 moved"))
    expect(looked.count).to_have_text("Glimpse 3 of 6")
    looked.page.keyboard.press("Shift+ArrowLeft")
    looked.page.wait_for_url(lambda _: forced(looked)[3][0] < x + 5 / 28)
    expect(looked.count).to_have_text("Glimpse 3 of 6")


# How far below the page's top each of these parts begins.
TOPS = """() => {
  const parts = [".transport", ".answer", ".ask", ".belief", ".glimpse", ".value", ".live-charts", ".gallery"];
  const components = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const places = [document, ...components.map((component) => component.shadowRoot)];
  const top = document.querySelector(".stMain").scrollTop;
  return parts.map((part) => {
    const found = places.map((place) => place?.querySelector(part)).find((element) => element?.checkVisibility());
    return [part, found ? Math.round(found.getBoundingClientRect().top + top) : -1];
  });
}"""


def tops(page: Page) -> dict[int, dict[str, int]]:
    """How far below the page's top each part begins in windows of three widths, once nothing moves in them."""
    found = {}
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = wait_until(lambda: settled(page))
    return found


def settled(page: Page) -> dict[str, int]:
    """Where parts are, if they still are there some frames later; else nothing."""
    before = page.evaluate(TOPS)
    page.evaluate(FRAMES, 10)
    return dict(before) if page.evaluate(TOPS) == before else {}


def test_neither_the_first_stroke_nor_a_move_shifts_what_is_there(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open()
    draw_page.expect_empty_stage()
    empty = tops(page)
    draw_page.draw(7)  # on a phone, the last of the windows
    draw_page.expect_answer(7)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    drawn = tops(page)
    for width, places in drawn.items():
        beside = [".gallery"] if width > 900 else []  # on a phone it lies below the charts
        for part in [".transport", ".answer", ".ask", ".belief", ".glimpse", *beside]:
            assert places[part] == empty[width][part], (width, part)
    show_glimpse(draw_page, 3)
    page.locator(".field").scroll_into_view_if_needed()
    page.mouse.click(*place(draw_page, 0.9, 0.9))
    see(page.locator(".versus", has_text="Glimpse 3 moved"))
    assert tops(page) == drawn


class SlowServer:
    """Stands between a page and its server, and keeps the answers back while `holds`."""

    def __init__(self, page: Page) -> None:
        self.holds = False
        self.moves = 0
        """How many the server has been told of."""
        self._late: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket(re.compile("_stcore/stream"), self._join)

    def _join(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def take(message: str | bytes) -> None:
            self.moves += isinstance(message, bytes) and b'"move"' in message
            server.send(message)

        def give(message: str | bytes) -> None:
            self._late.append((browser, message))
            if not self.holds:
                self.answer()

        browser.on_message(take)
        server.on_message(give)

    def answer(self) -> None:
        """Passes on what was kept back."""
        self.holds = False
        while self._late:
            browser, message = self._late.pop(0)
            browser.send(message)


def test_keys_go_on_while_an_answer_is_on_its_way(draw_page: DrawPage) -> None:
    page, server = draw_page.page, SlowServer(draw_page.page)
    draw_page.open(DIGIT)
    see(draw_page.answer.filter(has_text="RAM says 9"))
    show_glimpse(draw_page, 3)
    x, _ = numbers(location(draw_page).inner_text())
    server.holds = True
    for number in (1, 2):
        page.keyboard.press("Shift+ArrowRight")
        wait_until(lambda: page.evaluate("true") and server.moves == number)  # noqa: B023
    expect(page.locator(".viewer.held")).to_have_count(1)  # what it will come to is not known yet
    page.keyboard.press("Shift+ArrowRight")  # in the hand when the answers come
    server.answer()
    page.wait_for_url(lambda _: forced(draw_page).get(3, (0, 0))[0] == pytest.approx(x + 6 / 28, abs=0.011))
    expect(draw_page.count).to_have_text("Glimpse 3 of 6")
    expect(page.locator(".viewer.held")).to_have_count(0)


SCROLLED = "() => document.querySelector('.stMain').scrollTop"


def test_finger_drags_a_window_and_scrolls_the_page_elsewhere(looked: DrawPage) -> None:
    page = looked.page
    page.set_viewport_size({"width": 390, "height": 844})
    show_glimpse(looked, 3)
    page.locator(".field").scroll_into_view_if_needed()
    own = numbers(location(looked).inner_text())
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = page.evaluate(SCROLLED)
    touch("touchStart", *place(looked, own[0], own[1]))
    for share in (0.3, 0.6, 1):
        touch("touchMove", *place(looked, own[0] + share * (0.4 - own[0]), own[1] + share * (0.6 - own[1])))
    touch("touchEnd")
    looked.expect_address("force=3")
    assert forced(looked)[3] == pytest.approx((0.4, 0.6), abs=0.03)
    assert page.evaluate(SCROLLED) == before
    # A tap beside it moves the glimpse, too.
    address, (x, y) = page.url, place(looked, -0.95, 0.6)
    expect(page.locator(".viewer.held")).to_have_count(0)
    touch("touchStart", x, y)
    touch("touchEnd")
    page.wait_for_url(lambda found: found != address)
    # But there a finger that moves scrolls, and does nothing else.
    expect(page.locator(".viewer.held")).to_have_count(0)
    address, (x, y) = page.url, place(looked, 0.95, 0.95)
    touch("touchStart", x, y)
    for step in range(1, 13):
        touch("touchMove", x, y - 15 * step)
    touch("touchEnd")
    wait_until(lambda: page.evaluate(SCROLLED) > before + 100)
    assert page.url == address


def test_undo_and_its_own_way_lead_back_and_stay_at_the_glimpse(draw_page: DrawPage) -> None:
    page, undo, own_way = draw_page.page, button(draw_page, "Undo move"), button(draw_page, "Its own way")
    draw_page.open(f"{DIGIT}&force=8:0,0")
    see(draw_page.answer.filter(has_text="RAM says 9"))
    expect(page.locator(".versus")).to_have_text("This model looks 6 times: it has no glimpse 8 to move.")
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    expect(page.locator(".findings")).to_be_hidden()
    expect(own_way).to_be_disabled()
    move(draw_page, 2, 4)
    assert [*forced(draw_page)] == [2, 4]
    show_glimpse(draw_page, 4)
    undo.click()
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])
    expect(page.locator(".versus")).to_contain_text("Glimpse 2 moved")
    expect(draw_page.count).to_have_text("Glimpse 4 of 6")
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    expect(page.locator(".findings")).to_be_hidden()
    expect(page.locator(".classes .share.own").first).to_be_hidden()
    expect(draw_page.count).to_have_text("Glimpse 4 of 6")
    undo.click()  # that, too, can be taken back
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    # Moving an earlier glimpse lets the later ones go.
    move(draw_page, 4, 2)
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])


def move(draw_page: DrawPage, *numbers: int) -> None:
    """Moves these glimpses one after the other into a corner."""
    for number in numbers:
        show_glimpse(draw_page, number)
        draw_page.page.mouse.click(*place(draw_page, 0.9, -0.9))
        draw_page.expect_address(f"{number}%3A0.")


def test_address_carries_the_places_and_files_tell_both_ways(draw_page: DrawPage) -> None:
    draw_page.open(DIGIT + "&force=4:-1,-1")
    see(draw_page.page.locator(".versus", has_text="Glimpse 4 moved"))
    see(draw_page.answer.filter(has_text="RAM says 7"))
    expect(draw_page.page.locator(".versus")).to_contain_text("The answer flips at glimpse 6: 9 → 7.")
    with draw_page.page.expect_download() as download:
        draw_page.page.get_by_role("link", name="JSON").click()
    content = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert content["settings"]["force"] == "4:-1.00,-1.00"
    assert content["forced"] == [3]
    assert (content["action"], content["own"]["action"], content["truth"]) == (7, 9, 4)
    assert content["locations"][:3] == content["own"]["locations"][:3]


# ---- Elsewhere? ----


WORDS = re.compile(r"^Best p\(4\) [\d.]+\s% at \(.*\), worst [\d.]+\s% at .* is better than \d+\s% of all places\.$")


def read_map(looked: DrawPage) -> None:
    """Points at a place of the map, and asks it for other things than the label's probability."""
    page, reading = looked.page, looked.page.locator(".reading")
    page.mouse.move(*place(looked, -0.5, -0.5))
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
    show_glimpse(looked, 3)
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
    x, y = place(looked, -27 / 28, -27 / 28)  # the middle of the first pixel
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
    button(looked, "Its own way").click()
    expect(page.locator(".findings")).to_be_hidden()


def test_keys_read_the_map_place_by_place(looked: DrawPage) -> None:
    show_glimpse(looked, 3)
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


# ---- How sure is the gaze? ----


def test_policy_is_drawn_and_ten_looks_say_how_often_it_answers_what(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open("?sample=8&first=centre&force=3:2,0")
    see(draw_page.answer.filter(has_text="RAM "))
    expect(page.locator(".classes .share.own").first).to_be_hidden()  # there is no such place
    for gaze in ("mean", "sampled"):
        show_glimpse(draw_page, 3)
        if gaze == "sampled":
            before = location(draw_page).inner_text()
            page.get_by_role("button", name="More").click()
            page.get_by_role("radio", name="sampled").click()
            draw_page.expect_address("gaze=sampled")
            page.keyboard.press("Escape")
            expect(draw_page.count).to_have_text("Glimpse 6 of 6")  # of another look
            show_glimpse(draw_page, 3)
            expect(location(draw_page)).not_to_have_text(before)
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
    show_glimpse(draw_page, 1)
    expect(page.locator(".gaze")).to_contain_text("No policy chooses the first glimpse")
    page.get_by_role("switch", name="ten looks").uncheck()
    page.get_by_role("switch", name="How sure is the gaze?").uncheck()
    page.wait_for_url(lambda address: "policy" not in address)


def test_questions_have_no_violations_and_fit(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open(DIGIT + "&force=4:-1,-1&elsewhere=probability&policy=looks")
    expect(page.locator(".reading")).to_have_text(re.compile("^Best"), timeout=60_000)
    for _ in each_window(page, ("light", 1440), ("dark", 1024), ("light", 390)):
        assert page.locator(".viewer").evaluate("element => element.scrollWidth - element.clientWidth") <= 0
        assert violations(page) == []
    see(page.locator(".versus", has_text="Glimpse 4 moved"))
    x, y = numbers(location(draw_page).inner_text())
    page.mouse.move(*place(draw_page, x, y))
    page.mouse.down()
    page.mouse.move(*place(draw_page, x - 0.3, y - 0.3))
    expect(page.locator(".viewer.held")).to_have_count(1)
    assert violations(page) == []
    page.mouse.up()
