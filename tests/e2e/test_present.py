"""A class that guesses while a look is revealed, with mouse, keyboard and finger."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DrawPage, see
from tests.processes import wait_until

# Whether the presentation is in front wherever one looks.
COVERS = """() => {
  const places = Array.from({ length: 400 }, (_, index) => [index % 20, Math.floor(index / 20)]);
  return places.every(([x, y]) =>
    document.elementFromPoint(((x + 0.5) / 20) * innerWidth, ((y + 0.5) / 20) * innerHeight)
      ?.shadowRoot?.querySelector("dialog[open]"));
}"""
# How many colours there are in the middle of the field.
COLORS = """() => {
  const field = document.querySelector(".st-key-presentation [data-testid=stBidiComponentIsolated]")
    .shadowRoot.querySelector("dialog .field");
  const { width, height } = field;
  const { data } = field.getContext("2d").getImageData(width / 4, height / 4, width / 2, height / 2);
  return new Set(new Uint32Array(data.buffer)).size;
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
    assert page.locator(".viewer").count() == 0  # nothing that could announce the answer
    page.keyboard.press("Escape")
    expect(stage).to_have_count(0)
    draw_page.expect_answer(7)
    assert "present" not in page.url
    assert page.evaluate(FOCUSED) == "open"
    page.locator(".viewer").focus()
    page.keyboard.press("p")
    see(stage.locator(".guesses button").nth(9))
    page.get_by_role("button", name="Leave").click()
    draw_page.expect_answer(7)
    assert page.evaluate(FOCUSED) == "open"


def test_nothing_is_revealed_before_the_class_asks(shown: DrawPage) -> None:
    page = shown.page
    expect(page.locator("dialog .count")).to_have_text("6 glimpses")
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.locator("dialog .classes .share").first).to_have_text("–")
    assert page.evaluate(COVERS)
    assert page.evaluate(COLORS) == 1
    shown.expect_address("present=yes")


def test_class_guesses_places_and_digit_with_mouse_and_keys(shown: DrawPage) -> None:
    page, press = shown.page, shown.page.keyboard.press
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


def test_next_digit_comes_unseen(shown: DrawPage) -> None:
    page = shown.page
    for _ in range(6):
        page.keyboard.press(" ")
    expect(page.get_by_role("status")).to_have_text(re.compile("^RAM says 7"))
    page.locator("dialog .kind").select_option("misread")
    expect(page.locator("dialog .count")).to_have_text("6 glimpses", timeout=60_000)
    expect(page.get_by_role("status")).to_have_text("")
    shown.expect_address("next=misread", "present=yes")
    before = page.url
    page.get_by_role("button", name="Next digit").click()
    wait_until(lambda: page.evaluate("location.href") != before)
    assert "sample=17" not in page.url
    assert page.evaluate(FOCUSED) == "stage"


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
    assert page.locator(".viewer").count() == 0
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
    page.keyboard.press(" ")
    assert page.locator("dialog .count").inner_text() == "Glimpse 1 of 6"
    expect(page.locator("dialog .count")).to_have_text("Glimpse 2 of 6")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 768)])
def test_numbers_can_be_read_from_the_back_row_and_nothing_is_cut_off(shown: DrawPage, width: int, height: int) -> None:
    page = shown.page
    page.set_viewport_size({"width": width, "height": height})
    page.locator("dialog .field").click()
    for _ in range(6):
        page.keyboard.press(" ")
    expect(page.get_by_role("status")).to_have_text(re.compile("^RAM says 7"))
    for part in (".count", ".guess-distance", ".classes .share", ".classes .name", ".answer"):
        size = page.locator(f"dialog {part}").first.evaluate(
            "element => parseFloat(getComputedStyle(element).fontSize)"
        )
        assert size >= 28, part
    for part in (".stage", ".classes li:last-child", ".verdict", ".leave"):
        box = page.locator(f"dialog {part}").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height, part


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_presentation_has_no_violations(shown: DrawPage, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 768})
    for key in ("Shift+ArrowRight", "Enter", "7", " ", "Shift+ArrowUp", "Enter", "Shift+ArrowDown"):
        shown.page.keyboard.press(key)
    violations = Axe().run(shown.page, context={"include": [STAGE]}).response["violations"]
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []


def test_finger_marks_and_reveals(page: Page, shown: DrawPage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.touchscreen.tap(195, 190)
    reveal = page.locator("dialog .reveal").bounding_box()
    assert reveal is not None
    page.touchscreen.tap(reveal["x"] + 20, reveal["y"] + 20)
    expect(page.locator(".guess-distance")).to_have_text(re.compile(r"px$"))
