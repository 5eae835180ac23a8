"""What it costs to draw sixteen other looks and to take ten steps: python -m tests.measure.microscope

Does both in a real browser, in turn, and prints the median time by the page's clock, from the click to the numbers it
led to, and the processor time of the server. On a busy machine the processor times count. Every third round begins
with another first glimpse.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.measure.usage import print_medians, processor_time
from tests.servers import Server, started_server

# Presses a button, waits, frame by frame, until the table of the looks is another, and returns how long that took.
PRESS = """(name) => new Promise((done) => {
  const host = [...document.querySelectorAll("*")].find((each) => each.shadowRoot?.querySelector(".microscope"));
  const table = () => host.shadowRoot.querySelector(".table div").textContent;
  const before = table(), begun = performance.now();
  const look = () => {
    if (table() !== before) done(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  [...document.querySelectorAll("button")].find((each) => each.textContent.includes(name)).click();
  look();
})"""


def press(page: Page, server: Server, name: str) -> tuple[float, float]:
    """Milliseconds by the page's clock, and of the server's processor."""
    used = processor_time(server.process.pid)
    took = page.evaluate(PRESS, name)
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
    return took, 1000 * (processor_time(server.process.pid) - used)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {"Sixteen others": [], "Take ten": []}
    with tempfile.TemporaryDirectory() as folder, started_server(Path(folder)) as server, sync_playwright() as tool:
        browser = chromium(tool)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.goto(f"{server.address}/learning")
        page.locator(".norms td").first.wait_for(timeout=60_000)
        page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
        for turn in range(options.rounds + 1):
            results = {name: press(page, server, name) for name in found}
            if turn:  # the first round wakes everything up
                for name, result in results.items():
                    found[name].append(result)
            if turn % 3 == 2:
                press(page, server, "Move the first glimpse")  # where nothing has been computed yet
                page.wait_for_timeout(3000)  # nobody computes without a pause; see app/server/allowance.py
        browser.close()
    print_medians(found)


if __name__ == "__main__":
    main()
