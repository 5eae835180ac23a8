"""What it costs to move a glimpse and to map all places: python -m tests.measure.asking

Does both in a real browser, in turn with drawings on the same server, and prints the median time by the page's clock,
from the click or the end of the stroke (whose canvas waits 200 ms) to what it led to, and the processor time of the
server. On a busy machine the processor times and the ratios count.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.e2e.drawing import DrawPage
from tests.measure.usage import print_medians, processor_time
from tests.servers import Server, started_server

# Waits, frame by frame, until what is written in the viewer has changed, and returns when.
CHANGE = """([part, pattern, before]) => new Promise((done) => {
  const host = [...document.querySelectorAll("*")].find((element) => element.shadowRoot?.querySelector(".viewer"));
  const text = () => host.shadowRoot.querySelector(part).textContent;
  const look = () => {
    if (text() !== before && new RegExp(pattern).test(text())) done(performance.now() - window.begun);
    else requestAnimationFrame(look);
  };
  look();
})"""
CLOCK = """() => {
  for (const kind of ["pointerup", "mouseup", "change"])
    document.addEventListener(kind, () => { window.begun = performance.now(); }, true);
}"""


class Visitor:
    """Somebody who draws and asks."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.draw_page = DrawPage(page, server.address)
        self.draw_page.open("?first=centre")
        page.evaluate(CLOCK)
        self.turn = 0

    def measure(self, act: Callable[[], None], part: str, pattern: str) -> tuple[float, float]:
        """Milliseconds by the page's clock until a part of the viewer says something new, and of the server."""
        before = self.page.locator(f".viewer {part}").text_content()
        used = processor_time(self.server.process.pid)
        act()
        took = self.page.evaluate(CHANGE, [part, pattern, before])
        self.page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
        return took, 1000 * (processor_time(self.server.process.pid) - used)

    def draw(self) -> None:
        """A digit."""
        self.draw_page.draw((1, 2, 3, 7)[self.turn % 4], left=40 + self.turn % 3)

    def move(self) -> None:
        """The fourth glimpse, elsewhere."""
        box = self.page.locator(".field").bounding_box()
        assert box is not None
        share = 0.25 + 0.5 * (self.turn * 0.37 % 1)
        self.page.mouse.click(box["x"] + share * box["width"], box["y"] + (1 - share) * box["height"])

    def map(self) -> None:
        """All places of the fourth glimpse."""
        self.page.locator(".elsewhere-on").click()


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {"drawing": [], "move": [], "map": []}
    with tempfile.TemporaryDirectory() as folder, started_server(Path(folder)) as server, sync_playwright() as tool:
        browser = chromium(tool)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        visitor = Visitor(page, server)
        for visitor.turn in range(options.rounds + 1):
            visitor.draw_page.click_in_app("clear")
            page.locator(".viewer.idle").wait_for()
            results = {"drawing": visitor.measure(visitor.draw, ".answer", "RAM")}
            page.locator(".viewer .first").click()
            for _ in range(3):
                page.locator(".viewer .forward").click()
            results["move"] = visitor.measure(visitor.move, ".versus", "moved")
            for _ in range(2):
                page.locator(".viewer .back").click()
            results["map"] = visitor.measure(visitor.map, ".reading", "Best")
            visitor.map()  # off again
            page.locator(".findings.mapped").wait_for(state="detached")
            if visitor.turn:  # the first round wakes everything up
                for name, result in results.items():
                    found[name].append(result)
        browser.close()
    print_medians(found)


if __name__ == "__main__":
    main()
