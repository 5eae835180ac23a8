"""A person draws digits, says what they are, and finds them again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.drawing import DrawPage, at_rest, see
from tests.e2e.windows import each_window, resize
from tests.processes import wait_until


class Labelling:
    """The My drawings page in a browser."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.classes = page.locator(".classes button")
        self.kept = page.locator(".st-key-label_kept .gallery button")
        draw_page = DrawPage(page, server)
        self.draw, self.ink = draw_page.draw, draw_page.ink

    def open(self, query: str = "") -> None:
        """Loads the page and waits until one can draw."""
        self.page.goto(f"{self.server}/drawings{query}")
        self.expect_ready()

    def expect_ready(self) -> None:
        """Waits until one can draw."""
        see(self.classes.nth(9), seconds=60)
        see(self.page.locator("canvas.upper-canvas"))
        at_rest(self.page)

    def keep(self, digit: int) -> None:
        """Draws a digit, and says what it is at once, with the mouse."""
        self.draw(digit)
        self.classes.nth(digit).click()
        see(self.page.get_by_text(f"Kept as {digit}."))

    def of(self, name: str) -> Locator:
        """What is kept as this class."""
        return self.page.get_by_role("group", name=f"Drawings kept as {name}", exact=True).locator("button")

    def upload(self, file: Path) -> None:
        """Chooses a file in the dialog."""
        self.page.get_by_role("button", name="Add a file").click()
        self.page.locator("input[type=file]").set_input_files(file)


@pytest.fixture
def labelling(page: Page, server: str) -> Labelling:
    """The My drawings page, opened and ready."""
    labelling = Labelling(page, server)
    labelling.open()
    return labelling


def test_removed_drawing_is_taken_back_and_all_survive_reload_and_page_switch(labelling: Labelling) -> None:
    labelling.keep(7)
    labelling.keep(3)
    labelling.of("3").click()
    labelling.page.get_by_role("button", name="Remove it").click()
    expect(labelling.kept).to_have_count(1)
    expect(labelling.of("7")).to_have_count(1)
    labelling.page.get_by_role("button", name="Take back").click()
    expect(labelling.kept).to_have_count(2)
    expect(labelling.page).to_have_url(re.compile(r"drawings\?drawings="))
    labelling.page.reload()
    labelling.expect_ready()
    expect(labelling.kept).to_have_count(2)
    labelling.page.get_by_role("link", name="Model").click()
    expect(labelling.page.get_by_text("Architecture")).to_be_visible()
    expect(labelling.page).to_have_url(re.compile("drawings="))
    labelling.page.reload()  # opened first on another page
    labelling.page.get_by_role("link", name="My drawings").click()
    labelling.expect_ready()
    expect(labelling.of("7")).to_have_count(1)
    expect(labelling.of("3")).to_have_count(1)


def test_key_pressed_at_once_waits_for_the_last_stroke(labelling: Labelling) -> None:
    for count in range(1, 4):
        labelling.draw(4)  # two strokes
        labelling.page.keyboard.press("4")
        expect(labelling.of("4")).to_have_count(count)
    # Taken back, it is on the canvas: with its second stroke undone, it is another drawing.
    labelling.page.get_by_role("button", name="Take back").click()
    expect(labelling.of("4")).to_have_count(2)
    both = wait_until(labelling.ink)
    labelling.page.locator(".tools .undo").click()
    wait_until(lambda: 0 < labelling.ink() < both)
    labelling.page.keyboard.press("1")
    expect(labelling.of("1")).to_have_count(1)


def test_next_drawing_may_begin_before_the_canvas_is_empty(labelling: Labelling) -> None:
    labelling.draw(1)
    labelling.page.keyboard.press("1")
    box = labelling.page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    mouse = labelling.page.mouse
    mouse.move(box["x"] + 60, box["y"] + 60)
    mouse.down()
    step = 0
    while labelling.of("1").count() == 0 or step < 20:  # the canvas is emptied meanwhile
        step += 1
        mouse.move(box["x"] + 60 + 8 * (step % 20), box["y"] + 60)
    mouse.up()
    expect(labelling.of("1")).to_have_count(1)
    labelling.page.keyboard.press("7")
    expect(labelling.of("7")).to_have_count(1)
    expect(labelling.kept).to_have_count(2)


def test_digits_typed_into_a_field_keep_nothing(labelling: Labelling) -> None:
    labelling.draw(7)
    labelling.page.get_by_text("Own symbols").click()
    labelling.page.get_by_label("Class 7").fill("")
    labelling.page.get_by_label("Class 7").press_sequentially("hook 17")
    labelling.page.keyboard.press("Enter")
    expect(labelling.classes.nth(7)).to_contain_text("hook 17")
    expect(labelling.kept).to_have_count(0)
    labelling.classes.nth(7).click()
    expect(labelling.of("hook 17")).to_have_count(1)


def test_download_is_added_elsewhere(labelling: Labelling, tmp_path: Path) -> None:
    labelling.keep(7)
    labelling.keep(3)
    expect(labelling.kept).to_have_count(2)
    with labelling.page.expect_download() as download:
        labelling.page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "my-drawings.safetensors"
    file = tmp_path / "my-drawings.safetensors"
    download.value.save_as(file)
    other = Labelling(labelling.page.context.new_page(), labelling.server)
    other.open()
    expect(other.kept).to_have_count(0)
    other.upload(file)
    expect(other.page.get_by_text("Added 2 drawings from the file.")).to_be_visible()
    expect(other.kept).to_have_count(2)
    other.upload(file)  # the same once more
    expect(other.page.get_by_text("All drawings of this file are here already.")).to_be_visible()
    file.write_bytes(file.read_bytes()[:-20])
    other.upload(file)
    expect(other.page.locator(".stAlert")).to_contain_text("no file of drawings, or it is damaged")
    expect(other.kept).to_have_count(2)
    assert other.page.locator(".stException").count() == 0


def test_page_fits_its_window_and_takes_fingers(labelling: Labelling) -> None:
    windows = each_window(labelling.page, ("dark", 1440), ("light", 1024), ("dark", 390))
    for count, _ in enumerate(windows):
        labelling.draw(7)
        labelling.classes.nth(7).click()
        see(labelling.of("7").nth(count))  # then the canvas is empty
        assert labelling.page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0
    resize(labelling.page, "light", 1440)
    draw_by_touch(labelling)


def draw_by_touch(labelling: Labelling) -> None:
    """Draws a 1 with a finger, and keeps it with the finger, too; the page does not scroll."""
    canvas = labelling.page.locator("canvas.upper-canvas")
    box = canvas.bounding_box()
    assert box is not None
    session = labelling.page.context.new_cdp_session(labelling.page)
    for index in range(11):
        kind = "touchStart" if index == 0 else "touchMove"
        point = {"x": box["x"] + 140, "y": box["y"] + 40 + 20 * index}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    labelling.classes.nth(1).tap()
    expect(labelling.of("1")).to_have_count(1)
    assert canvas.bounding_box() == box


def test_first_visitor_sees_the_page_before_pytorch_is_there(page: Page, cold_server: str) -> None:
    page.goto(f"{cold_server}/drawings")
    expect(page.get_by_text("Getting ready")).to_be_visible()
    expect(page.get_by_role("heading", name="My drawings")).to_be_visible()
    expect(page.locator(".classes button")).to_have_count(10, timeout=60_000)
    expect(page.get_by_text("Getting ready")).to_have_count(0)
