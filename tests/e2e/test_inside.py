"""What a class does with the inside: opens it, steps, asks where numbers come from, by mouse and by keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.drawing import DrawPage, at_rest, see
from tests.e2e.windows import Scheme, each_window
from tests.processes import wait_until

DIGIT = "?sample=8&first=centre"
PICTURE = "canvas => canvas.toDataURL()"
# How often a strip's canvas was painted in another way, frame by frame, while the next glimpse comes.
PAINTED = """(element) => new Promise((done) => {
  const pictures = new Set();
  let frames = 24;
  const look = () => {
    pictures.add(element.querySelector("canvas").toDataURL());
    if (frames--) requestAnimationFrame(look);
    else done(pictures.size);
  };
  element.closest(".inside").querySelector(".back").click();
  look();
})"""


def answer(page: Page) -> str:
    see(page.locator(".st-key-inside_answer .katex"))
    return page.locator(".st-key-inside_answer").inner_text()


def expect_question(page: Page, text: str) -> None:
    """Waits until this is what is explained."""
    expect(page.locator(".st-key-inside_answer h3").first).to_have_text(text)


def open_inside(draw_page: DrawPage) -> None:
    """Switches the inside on."""
    page, inside = draw_page.page, draw_page.page.locator(".inside")
    expect(inside).to_have_count(0)
    page.get_by_role("switch", name="Inside").check()
    see(inside)
    draw_page.expect_address("inside=yes")
    expect(inside.locator(".about-core")).to_have_text(re.compile("131,584 parameters"))


def step_back(draw_page: DrawPage) -> None:
    """Leads the viewer from the last glimpse to the one before."""
    inside, state = draw_page.page.locator(".inside"), draw_page.page.locator(".hidden-state .cells canvas")
    expect(inside.locator(".count")).to_have_text("Glimpse 6 of 6")
    last = state.evaluate(PICTURE)
    inside.get_by_role("button", name="One glimpse back").click()
    expect(draw_page.count).to_have_text("Glimpse 5 of 6")
    expect(inside.locator(".count")).to_have_text("Glimpse 5 of 6")
    wait_until(lambda: state.evaluate(PICTURE) != last)


def ask_for_the_value(page: Page) -> None:
    """Clicks a number of the viewer; the formula follows the gaze."""
    before = page.locator(".inside .before canvas").evaluate(PICTURE)
    page.locator(".viewer .number").click()
    expect_question(page, "Value after glimpse 5")
    assert re.search(r"The value is 0\.\d{4}: each of the 256 units", answer(page))
    expect(page.locator(".st-key-inside_answer math").first).to_be_attached()  # what screen readers read
    expect(page.locator(".inside").get_by_role("status")).to_contain_text("Value after glimpse 5.")
    page.locator(".viewer").focus()
    page.keyboard.press("ArrowLeft")
    expect_question(page, "Value after glimpse 4")
    page.keyboard.press("ArrowRight")
    expect_question(page, "Value after glimpse 5")
    wait_until(lambda: page.locator(".inside .before canvas").evaluate(PICTURE) == before)


def ask_by_keys(page: Page) -> None:
    """Asks for a class and a unit of the hidden state; these keys are not the viewer's."""
    hidden = page.locator(".inside .hidden-state .cells")
    page.locator(".viewer .classes li").nth(5).locator(".share.yours").focus()
    page.keyboard.press("Enter")
    expect_question(page, "Probability of 5 after glimpse 5")
    hidden.focus()
    page.keyboard.press("Home")
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(hidden).to_have_attribute("aria-valuetext", re.compile(r"^unit 34: (0|≈ \d\.\d)"))
    expect_question(page, "Unit 34 of the hidden state, glimpse 5")
    see(page.locator(".story h3"))
    expect(page.locator(".viewer .count")).to_have_text("Glimpse 5 of 6")


def ask_for_a_pixel(page: Page) -> None:
    """Clicks a pixel of a patch, and closes what is said about it."""
    page.locator(".viewer .patches canvas").click(position={"x": 40, "y": 40})
    expect(page.locator(".st-key-inside_answer h3").first).to_contain_text("Pixel of the patch in row 2, column 2")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".st-key-inside_answer")).to_have_count(0)


def ask_while_it_plays(draw_page: DrawPage) -> None:
    """A question stops what plays, so that the answer is about the glimpse on screen; Escape closes it."""
    page = draw_page.page
    page.locator(".viewer .first").click()
    page.locator(".viewer .play").click()
    page.locator(".viewer .number").click()
    expect(page.locator(".viewer .play")).not_to_have_attribute("aria-label", "Pause")
    glimpse = (draw_page.count.text_content() or "").split()[1]
    expect_question(page, f"Value after glimpse {glimpse}")
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-inside_answer")).to_have_count(0)


def test_class_opens_it_steps_and_asks_where_numbers_come_from(draw_page: DrawPage) -> None:
    page, inside = draw_page.page, draw_page.page.locator(".inside")
    draw_page.open(DIGIT)
    see(draw_page.answer.filter(has_text="RAM says 5"))
    open_inside(draw_page)
    step_back(draw_page)
    ask_for_the_value(page)
    ask_by_keys(page)
    ask_for_a_pixel(page)
    ask_while_it_plays(draw_page)
    # The next digit is shown in the place of this one.
    page.locator(".gallery button").first.click()
    page.wait_for_url(lambda address: "sample=8&" not in address)
    expect(inside).to_be_visible()
    page.get_by_role("switch", name="Inside").uncheck()
    expect(inside).to_have_count(0)
    page.wait_for_url(lambda address: "inside" not in address)
    expect(page.locator(".viewer [data-item]")).to_have_count(0)


@pytest.mark.usefixtures("motion")
def test_activations_change_over_several_frames(draw_page: DrawPage) -> None:
    draw_page.open(DIGIT + "&inside=yes&play=no")
    see(draw_page.page.locator(".inside .count"))

    def changes_gradually() -> bool:
        draw_page.page.locator(".viewer .last").click()
        expect(draw_page.page.locator(".inside .count")).to_have_text("Glimpse 6 of 6")
        return draw_page.page.locator(".inside .hidden-state .cells").evaluate(PAINTED) > 3

    wait_until(changes_gradually)  # a busy browser may leave frames out


WINDOWS: dict[str, tuple[Scheme, int]] = {
    "mnist": ("light", 1440),
    "cluttered-60": ("dark", 1024),
    "mnist-lstm": ("dark", 390),
}


def test_inside_of_three_models_has_no_violations_and_fits(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open(f"{DIGIT}&inside=yes&model=mnist")
    windows = each_window(page, *WINDOWS.values())
    for model in WINDOWS:
        if model != "mnist":
            draw_page.choose_model(model)
        next(windows)
        at_rest(page)
        see(page.locator(".inside .count"))
        page.locator(".inside .hidden-state .cells").click(position={"x": 40, "y": 20})
        see(page.locator(".story h3"))
        see(page.locator(".st-key-inside_answer .katex"))
        for part in (".viewer", ".inside"):
            assert page.locator(part).evaluate("element => element.scrollWidth - element.clientWidth") <= 0
        at_rest(page)
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(".st-key-inside_answer")).to_have_count(0)
