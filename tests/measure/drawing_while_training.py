"""Whether training disturbs those who draw: python -m tests.measure.drawing_while_training

Draws digits with the mouse in a real browser, on an idle server and while a run trains on it, and prints the
median time from mouse-up to the first frame of the animation, the canvas's own delay of 200 ms included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.e2e.drawing import DrawPage
from tests.processes import end_runs
from tests.servers import started_server

# The stage was cleared before: the first frame with a scene is the first one in which it is not idle.
WATCH = """() => {
  window.latencies = [];
  let up = null;
  document.addEventListener("mouseup", () => { up = performance.now(); }, true);
  const host = [...document.querySelectorAll("*")].find((element) => element.shadowRoot?.querySelector(".viewer"));
  const viewer = host.shadowRoot.querySelector(".viewer");
  const look = () => {
    if (window.armed && !viewer.classList.contains("idle")) {
      window.latencies.push(performance.now() - up);
      window.armed = false;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def latencies(page: Page, draw_page: DrawPage, count: int) -> list[float]:
    """Milliseconds from mouse-up to the first frame, for drawings of one stroke."""
    page.evaluate("window.latencies = []")
    for index in range(count):
        page.locator(".tools .clear").click()
        draw_page.expect_empty_stage()
        page.evaluate("window.armed = true")
        draw_page.draw((1, 2, 3, 5, 6, 7, 9)[index % 7])
        page.wait_for_function(f"window.latencies.length > {index}")
    return list(page.evaluate("window.latencies"))


def start_training(browser: Browser, server: str) -> None:
    """Starts a run of five minutes, as somebody else would, and closes that window."""
    page = browser.new_context().new_page()
    page.goto(f"{server}/train?preset=five-minutes")
    page.locator(".st-key-start_training button").click(timeout=60_000)
    page.locator(".stProgress").get_by_text("left").wait_for(timeout=60_000)
    page.context.close()


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, browser = Path(place), chromium(playwright)
        with started_server(folder) as server:
            page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
            draw_page = DrawPage(page, server.address)
            draw_page.open()
            page.evaluate(WATCH)
            latencies(page, draw_page, 5)  # warms everything up
            idle = latencies(page, draw_page, options.drawings)
            start_training(browser, server.address)
            training = latencies(page, draw_page, options.drawings)
        browser.close()
        end_runs(folder / "runs")
    for name, times in (("idle", idle), ("while a run trains", training)):
        print(f"{name}: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms of {len(times)} drawings")
    print(f"ratio of the medians: {statistics.median(training) / statistics.median(idle):.2f}")


if __name__ == "__main__":
    main()
