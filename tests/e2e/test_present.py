"""A class that guesses while a look is revealed, with mouse, keyboard and finger."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.drawing import DrawPage, at_rest, see
from tests.processes import wait_until

# Whether the presentation is in front wherever one looks.
COVERS = """() => {
  const places = Array.from({ length: 400 }, (_, index) => [index % 20, Math.floor(index / 20)]);
  return places.every(([x, y]) =>
    document.elementFromPoint(((x + 0.5) / 20) * innerWidth, ((y + 0.5) / 20) * innerHeight)
      ?.shadowRoot?.querySelector("dialog[open]"));
}"""
# How many colours there are in the middle of the field, once it has a size.
COLORS = """() => {
  const field = document.querySelector(".st-key-presentation [data-testid=stBidiComponentIsolated]")
    .shadowRoot.querySelector("dialog .field");
  const { width, height } = field;
  if (!width || !height) return 0;
  const { data } = field.getContext("2d").getImageData(width / 4, height / 4, width / 2, height / 2);
  return new Set(new Uint32Array(data.buffer)).size;
}"""
# Asks for the next glimpse, wherever the focus is, and says which one is there at that moment.
REVEALED = """() => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true }));
  return document.querySelector(".st-key-presentation [data-testid=stBidiComponentIsolated]")
    .shadowRoot.querySelector("dialog .count").textContent;
}"""
FOCUSED = "document.activeElement.shadowRoot?.activeElement?.className"
# What lies beneath is not to be seen: axe would measure its contrast with the stage.
STAGE = {"fromShadowDom": [".st-key-presentation [data-testid=stBidiComponentIsolated]", "dialog"]}
SAMPLE = "?sample=17&first=centre"  # a seven


@pytest.fixture
def shown(draw_page: DrawPage) -> DrawPage:
    """The presentation of a test digit, of which nothing is revealed."""
    draw_page.page.goto(f"{draw_page.server}/{SAMPLE}&present=yes")
    see(draw_page.page.locator("dialog[open] .guesses button").nth(9), seconds=60)
    return draw_page


def test_button_and_key_open_it_and_escape_leaves(draw_page: DrawPage) -> None:
    draw_page.open(SAMPLE)
    page, stage = draw_page.page, draw_page.page.locator("dialog[open]")
    page.get_by_role("button", name="Present", exact=True).click()
    see(stage.locator(".guesses button").nth(9))
    draw_page.expect_address("present=yes")
    expect(page.locator(".viewer")).to_be_hidden()  # nothing that could announce the answer
    page.keyboard.press("Escape")
    expect(stage).to_have_count(0)
    draw_page.expect_answer(7)
    page.wait_for_url(lambda address: "present" not in address)
    wait_until(lambda: page.evaluate(FOCUSED) == "open")
    page.locator(".viewer").focus()
    page.keyboard.press("p")
    see(stage.locator(".guesses button").nth(9))
    page.get_by_role("button", name="Leave").click()
    draw_page.expect_answer(7)
    wait_until(lambda: page.evaluate(FOCUSED) == "open")


def test_nothing_is_revealed_before_the_class_guesses_places_and_digit(shown: DrawPage) -> None:
    page, press = shown.page, shown.page.keyboard.press
    expect(page.locator("dialog .count")).to_have_text("6 glimpses")
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.locator("dialog .classes .share").first).to_have_text("–")
    assert page.evaluate(COVERS)
    assert wait_until(lambda: page.evaluate(COLORS)) == 1
    shown.expect_address("present=yes")
    field = page.locator("dialog .field")
    box = field.bounding_box()
    assert box is not None
    field.click(position={"x": box["width"] / 2, "y": box["height"] / 2})  # the first glimpse is in the centre
    press("1")
    press(" ")
    expect(page.locator("dialog .count")).to_have_text("Glimpse 1 of 6")
    expect(page.locator(".guess-distance")).to_have_text(re.compile(r"^0\.\d px$"))
    expect(page.locator("dialog .near")).to_have_text("from guess to gaze; 1 of 1 within half a patch")
    for _ in range(3):
        press("Shift+ArrowRight")
    press("Enter")
    press("7")
    press("ArrowRight")
    expect(page.locator("dialog .near")).to_have_text(re.compile(r"on average, this time [\d.]+; [12] of 2 within"))
    press("ArrowLeft")
    expect(page.locator("dialog .count")).to_have_text("Glimpse 1 of 6")
    expect(page.get_by_role("status")).to_have_text("")
    for _ in range(5):
        press("ArrowRight")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^RAM says 7 \("))
    expect(page.locator("dialog .verdict")).to_have_text(
        re.compile(r"^It is a 7\. RAM: right since glimpse \d\. You said 7: right since glimpse 1\.$")
    )


def test_next_digit_comes_unseen_and_a_finger_marks_and_reveals(shown: DrawPage) -> None:
    page = shown.page
    for _ in range(6):
        page.keyboard.press(" ")
    expect(page.get_by_role("status")).to_have_text(re.compile("^RAM says 7"))
    page.locator("dialog .kind").select_option("misread")
    expect(page.locator("dialog .count")).to_have_text("6 glimpses", timeout=60_000)
    expect(page.get_by_role("status")).to_have_text("")
    shown.expect_address("next=misread", "present=yes")
    at_rest(page)
    page.keyboard.press(" ")
    expect(page.locator("dialog .count")).to_have_text("Glimpse 1 of 6")
    page.get_by_role("button", name="Next digit").click()
    expect(page.locator("dialog .count")).to_have_text("6 glimpses", timeout=60_000)
    wait_until(lambda: page.evaluate(FOCUSED) == "stage")
    at_rest(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.touchscreen.tap(195, 190)
    reveal = page.locator("dialog .reveal").bounding_box()
    assert reveal is not None
    page.touchscreen.tap(reveal["x"] + 20, reveal["y"] + 20)
    expect(page.locator(".guess-distance")).to_have_text(re.compile(r"px$"))


def test_drawing_stays_covered_until_it_is_revealed(shown: DrawPage) -> None:
    page = shown.page
    page.get_by_role("button", name="Cover while I draw").click()
    see(page.locator(".cover"))
    page.get_by_role("button", name="Reveal it").click()
    expect(page.locator("dialog .ask")).to_have_text("Press Next digit, and guess where it will look")
    page.get_by_role("button", name="Cover while I draw").click()
    see(page.locator(".cover"))
    shown.draw(1)
    shown.expect_address("picture=")
    shown.click_in_app("clear")  # what was drawn first is taken back, unseen
    page.wait_for_url(lambda address: "picture=" not in address)
    shown.draw(7)
    shown.expect_address("picture=", "present=cover")
    expect(page.locator(".viewer")).to_be_hidden()
    assert page.get_by_text("RAM says").count() == 0
    page.get_by_role("button", name="Reveal it").click()
    expect(page.locator("dialog .count")).to_have_text("6 glimpses")
    page.get_by_role("button", name="7", exact=True).click()
    for _ in range(6):
        page.keyboard.press(" ")
    expect(page.get_by_role("status")).to_have_text(re.compile("^RAM says 7"))
    expect(page.locator("dialog .verdict")).to_have_text("You said 7.")


@pytest.mark.usefixtures("motion")
def test_gaze_glides_and_is_announced_when_it_has_arrived(shown: DrawPage) -> None:
    page = shown.page
    page.evaluate("document.activeElement.blur()")  # keys work wherever the focus is
    page.keyboard.press(" ")
    expect(page.locator("dialog .count")).to_have_text("Glimpse 1 of 6")
    assert page.evaluate(REVEALED) == "Glimpse 1 of 6"  # it is on its way
    expect(page.locator("dialog .count")).to_have_text("Glimpse 2 of 6")


def test_presentation_has_no_violations_can_be_read_from_the_back_row_and_fits(shown: DrawPage) -> None:
    page = shown.page
    for key in ("Shift+ArrowRight", "Enter", "7", " ", "Shift+ArrowUp", "Enter", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("dialog .count")).to_have_text("Glimpse 1 of 6")
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 768})
        assert violations(page, {"include": [STAGE]}) == []
    for _ in range(5):
        page.keyboard.press(" ")
    expect(page.get_by_role("status")).to_have_text(re.compile("^RAM says 7"))
    for width, height in ((1920, 1080), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        wait_until(lambda: fits(page, width, height))  # noqa: B023
        for part in (".count", ".guess-distance", ".classes .share", ".classes .name", ".answer"):
            size = page.locator(f"dialog {part}").first.evaluate(
                "element => parseFloat(getComputedStyle(element).fontSize)"
            )
            assert size >= 28, part
    for width, height in ((390, 844), (360, 640), (320, 568), (844, 390), (740, 360)):
        page.set_viewport_size({"width": width, "height": height})
        wait_until(lambda: page.locator("dialog").evaluate(ALL_CLASSES_SEEN))


ALL_CLASSES_SEEN = """(dialog) => {
  dialog.scrollTo(0, dialog.scrollHeight);
  const boxOf = (part) => dialog.querySelector(part).getBoundingClientRect();
  return boxOf(".classes li:last-child").bottom <= boxOf(".bar").top;
}"""


def fits(page: Page, width: int, height: int) -> bool:
    """Whether nothing of the stage is cut off."""
    parts = (".stage", ".classes li:last-child", ".verdict", ".leave")
    boxes = [page.locator(f"dialog {part}").bounding_box() for part in parts]
    return all(
        box is not None and 0 <= box["x"] <= width - box["width"] and box["y"] + box["height"] <= height
        for box in boxes
    )
