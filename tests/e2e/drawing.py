"""What a person does at the Draw page, in terms of mouse and fingers."""

from __future__ import annotations

import contextlib
import re

from playwright.sync_api import Locator, Page, expect

from tests.processes import wait_until

Stroke = list[tuple[float, float]]

MISREAD = "?sample=2130&first=centre"
MARGIN, FIELD = 4.5, 28  # pixels of the image in the viewer's field, and around it

# Pen strokes on the unit square, x to the right and y down.
DIGITS: dict[int, list[Stroke]] = {
    0: [
        [(0.5, 0.1), (0.3, 0.2), (0.22, 0.5), (0.3, 0.8), (0.5, 0.9), (0.7, 0.8), (0.78, 0.5), (0.7, 0.2), (0.5, 0.1)],
    ],
    1: [[(0.5, 0.1), (0.5, 0.9)]],
    2: [[(0.27, 0.3), (0.35, 0.15), (0.55, 0.1), (0.72, 0.25), (0.65, 0.5), (0.25, 0.88), (0.78, 0.88)]],
    3: [[(0.3, 0.15), (0.6, 0.1), (0.7, 0.28), (0.48, 0.48), (0.72, 0.65), (0.62, 0.87), (0.28, 0.85)]],
    4: [[(0.35, 0.1), (0.25, 0.55), (0.75, 0.55)], [(0.65, 0.12), (0.62, 0.9)]],
    5: [[(0.72, 0.1), (0.35, 0.1), (0.32, 0.45), (0.58, 0.42), (0.72, 0.6), (0.62, 0.85), (0.28, 0.85)]],
    6: [
        [(0.62, 0.1), (0.4, 0.3), (0.3, 0.65), (0.42, 0.88), (0.62, 0.85), (0.68, 0.65), (0.5, 0.55), (0.33, 0.68)],
    ],
    7: [[(0.25, 0.14), (0.75, 0.14), (0.45, 0.9)]],
    8: [
        [(0.55, 0.48), (0.35, 0.3), (0.5, 0.1), (0.67, 0.25), (0.5, 0.48)],
        [(0.5, 0.48), (0.32, 0.7), (0.5, 0.9), (0.7, 0.7), (0.5, 0.48)],
    ],
    9: [[(0.68, 0.3), (0.5, 0.12), (0.33, 0.28), (0.45, 0.48), (0.66, 0.38), (0.68, 0.28), (0.66, 0.55), (0.58, 0.9)]],
}

FRAMES = """(frames) => new Promise((done) => {
  const next = () => (frames-- ? requestAnimationFrame(next) : done());
  next();
})"""
INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((level, index) => index % 4 === 0 && level > 128).length;
}"""


def see(locator: Locator, *, seconds: float = 30.0) -> None:
    """Waits until something is visible, and no longer: `expect` looks again only once a second."""
    with contextlib.suppress(AssertionError):
        wait_until(locator.first.is_visible, seconds=seconds)
    expect(locator.first).to_be_visible()


# Presses keys on the viewer, and says what a part of it tells after each.
AT_ONCE = """(viewer, { part, attribute, keys }) => {
  const told = viewer.getRootNode().querySelector(part);
  return keys.map((key) => {
    viewer.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
    return attribute ? told.getAttribute(attribute) : told.textContent;
  });
}"""


def at_rest(page: Page) -> None:
    """Waits until the page has run to its end, and shows what came of it."""
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def numbers(text: str) -> list[float]:
    """The numbers in a text, with their signs."""
    return [float(part.replace("−", "-")) for part in re.findall(r"−?[\d.]+", text)]


class DrawPage:
    """The Draw page in a browser."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.answer = page.locator(".answer[role=status]")
        self.count = page.locator(".viewer .count")
        self.location = page.locator(".viewer .location")

    def open(self, query: str = "") -> None:
        """Loads the page and waits until one can draw."""
        self.page.goto(f"{self.server}/{query}")
        see(self.page.locator(".viewer .classes li").nth(9), seconds=60)
        see(self.page.locator("canvas.upper-canvas"))
        at_rest(self.page)  # until then, Streamlit may build the canvas anew

    def draw(self, digit: int, *, left: float = 40, top: float = 40, side: float = 200) -> None:
        """Draws a digit with the mouse into a square of the canvas."""
        canvas = self.page.locator("canvas.upper-canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        for stroke in DIGITS[digit]:
            points = [(box["x"] + left + x * side, box["y"] + top + y * side) for x, y in stroke]
            mouse.move(*points[0])
            mouse.down()
            for point in points[1:]:
                mouse.move(*point, steps=4)
            mouse.up()

    def expect_answer(self, digit: int) -> None:
        """Waits until the viewer has played and says this digit."""
        see(self.answer.filter(has_text=f"RAM says {digit} ("))

    def expect_empty_stage(self) -> None:
        """Waits until the viewer invites to draw, or shows an example, and the canvas is empty, too."""
        see(self.page.locator(".viewer .empty", has_text=re.compile("Draw (a digit|your own)")))
        wait_until(lambda: self.ink() == 0)

    def expect_address(self, *settings: str) -> None:
        """Waits until the URL carries all these settings."""
        pattern = "".join(f"(?=.*{re.escape(setting)})" for setting in settings)
        self.page.wait_for_url(re.compile(pattern), wait_until="commit")

    def ink(self) -> int:
        """How many points of the canvas are drawn on."""
        return int(self.page.locator("canvas.dc-canvas.lower-canvas").evaluate(INK))

    def play_on(self, frames: int) -> None:
        """Waits for so many frames of the browser: what moves has moved on by then."""
        self.page.evaluate(FRAMES, frames)

    def position(self) -> float:
        """Where the animation is, in glimpses."""
        return float(self.page.locator(".scrub").input_value())

    def press_at_once(self, part: str, *keys: str, attribute: str = "") -> list[str]:
        """What a part of the viewer says after each of these keys, faster than anything else can happen."""
        pressed = [{"key": key.removeprefix("Shift+"), "shiftKey": key.startswith("Shift+")} for key in keys]
        given = {"part": part, "attribute": attribute, "keys": pressed}
        return list(self.page.locator(".viewer").evaluate(AT_ONCE, given))

    def choose_model(self, name: str) -> None:
        """Chooses another model from the list, which would close if the page scrolled beneath it."""
        models = self.page.get_by_role("combobox", name="Model")
        models.scroll_into_view_if_needed()
        self.play_on(2)
        models.click()
        self.page.get_by_role("option", name=name, exact=True).click()
        self.expect_address(f"model={name}")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a location in a field of 28×28 pixels lies on the screen."""
        box = self.page.locator(".field").bounding_box()
        assert box is not None
        across, down = ((MARGIN + (at + 1) / 2 * FIELD) / (FIELD + 2 * MARGIN) for at in (x, y))
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def show_glimpse(self, number: int) -> None:
        """Steps to one of six glimpses."""
        self.page.locator(".viewer").focus()
        self.page.keyboard.press("Home")
        for _ in range(number - 1):
            self.page.keyboard.press("ArrowRight")
        expect(self.count).to_have_text(f"Glimpse {number} of 6")

    def click_in_app(self, name: str) -> None:
        """Presses one of the canvas's buttons."""
        self.page.locator(f".tools .{name}").click()
