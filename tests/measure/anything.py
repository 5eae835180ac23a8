"""A visitor who does anything: python -m tests.measure.anything [--seeds 1 2 3] [--seconds 30]

In a real browser of a random size and theme, somebody clicks, drags, draws, presses keys, reloads and goes back and
forth by chance, as fast as it goes. It must never end in an error on the page or in the server's log, and the look that
is there in the end must be the same after a reload. Prints a line for each seed.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Error, FloatRect, Page, sync_playwright

from tests.browser import chromium
from tests.servers import started_server

SIZES = ((1920, 1080), (1440, 900), (1024, 768), (390, 844))
KEYS = [f"Shift+Arrow{way}" for way in ("Left", "Right", "Up", "Down")]
KEYS += [
    "ArrowLeft",
    "ArrowRight",
    "PageUp",
    "PageDown",
    "Home",
    "End",
    " ",
    "Enter",
    "Escape",
    "Tab",
    "p",
    "n",
    "3",
    "7",
]
VIEWER = ("undo", "own-way", "first", "play", "last", "back", "forward", "elsewhere-on", "policy-on", "looks-on")
BUTTONS = [f".viewer .{name}" for name in (*VIEWER, "only-seen", "by-itself")]
BUTTONS += [f"dialog .{name}" for name in ("reveal", "back", "next", "cover", "leave")]
BUTTONS += [".tools .undo", ".tools .clear", ".present .open", ".gallery button"]
SOON = 400  # milliseconds: what is not there is not clicked
SETTLING = 2_000  # milliseconds in which what was done last has been told to the server


class Fidget:
    """Somebody with this page, who is never still."""

    def __init__(self, page: Page, chance: random.Random) -> None:
        self.page, self.chance = page, chance
        self.acts = (
            [self.click] * 3 + [self.drag] * 3 + [self.press] * 6 + [self.draw] * 2 + [self.push] * 8 + [self.go]
        )

    def act(self) -> None:
        """Does something, if it can be done."""
        with contextlib.suppress(Error):
            self.chance.choice(self.acts)()

    def _somewhere(self, place: str) -> tuple[float, float]:
        found = self.page.locator(place).first.bounding_box(timeout=SOON)
        box = found or FloatRect(x=0, y=0, width=100, height=100)
        return box["x"] + self.chance.random() * box["width"], box["y"] + self.chance.random() * box["height"]

    def _field(self) -> str:
        return "dialog[open] .field" if self.page.locator("dialog[open]").count() else ".viewer .field"

    def click(self) -> None:
        self.page.mouse.click(*self._somewhere(self._field()))

    def drag(self) -> None:
        self._pull(self._field())
        if self.chance.random() < 0.3:
            self.press()
        self.page.mouse.up()

    def draw(self) -> None:
        self._pull("canvas.upper-canvas")
        self.page.mouse.up()

    def _pull(self, place: str) -> None:
        self.page.mouse.move(*self._somewhere(place))
        self.page.mouse.down()
        self.page.mouse.move(*self._somewhere(place), steps=3)
        self.page.mouse.move(*self._somewhere(place), steps=3)

    def press(self) -> None:
        self.page.keyboard.press(self.chance.choice(KEYS))

    def push(self) -> None:
        self.page.locator(self.chance.choice(BUTTONS)).first.click(timeout=SOON, force=self.chance.random() < 0.3)

    def go(self) -> None:
        way = self.chance.choice(["reload", "back", "forward", "Train", "Draw"])
        if way == "reload":
            self.page.reload(wait_until="commit")
        elif way in ("Train", "Draw"):
            self.page.get_by_role("link", name=way, exact=True).click(timeout=SOON)
        else:
            (self.page.go_back if way == "back" else self.page.go_forward)(wait_until="commit")


def visit(browser: Browser, address: str, seed: int, seconds: float) -> str:
    """What came of one visitor, in words."""
    chance, failures = random.Random(seed), []
    width, height = chance.choice(SIZES)
    is_dark, moves = chance.random() < 0.5, chance.random() < 0.5
    page = browser.new_page(viewport={"width": width, "height": height}, has_touch=True)
    page.emulate_media(
        color_scheme="dark" if is_dark else "light", reduced_motion="no-preference" if moves else "reduce"
    )
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{address}/?sample=2130&first=centre")
    page.locator(".answer:not(:empty)").wait_for(timeout=60_000)
    fidget, acts, until = Fidget(page, chance), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        fidget.act()
        acts += 1
        if not page.url.startswith(address):  # back beyond the first page
            page.goto(address)
        if page.locator(".stException").count():
            failures.append("an error on the page")
            break
    if not failures:
        before = _look(page)
        page.reload()
        failures += [] if _look(page) == before else ["another look after a reload"]
    page.close()
    how = f"{'dark' if is_dark else 'light'}, {'moving' if moves else 'still'}"
    return f"{seed}: {width}×{height}, {how}: {acts} acts, {', '.join(failures) or 'nothing went wrong'}"


def _look(page: Page) -> list[str | None]:
    """What the viewer says at its last glimpse; nothing where it is covered, or the page is another one."""
    viewer = page.locator(".viewer:not(.covered)")
    viewer.or_(page.locator(".covered + .cover, .learning, dialog[open] .guesses button")).first.wait_for(
        timeout=60_000
    )
    page.wait_for_timeout(SETTLING)
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=60_000)
    if not viewer.count():
        return []
    page.emulate_media(reduced_motion="reduce")
    viewer.focus()
    page.keyboard.press("End")
    return [page.locator(f".viewer .{part}").text_content() for part in ("count", "answer", "versus")]


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--seconds", type=float, default=30, help="that each visitor stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started_server(Path(folder)) as server, sync_playwright() as tool:
        browser = chromium(tool)
        for seed in options.seeds:
            print(visit(browser, server.address, seed, options.seconds), flush=True)
        browser.close()
        print("tracebacks in the log:", (Path(folder) / "log").read_text(encoding="utf-8").count("Traceback"))


if __name__ == "__main__":
    main()
