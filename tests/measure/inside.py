"""What the open inside costs: python -m tests.measure.inside

In a real browser, in turn with the inside open and closed on the same server: by the page's clock, the time from a key
to the first frame in which the strips have changed, the frames a second while a look plays and what each takes the
browser, and from the end of a stroke (whose canvas waits 200 ms) to the viewer's answer; the server's processor time
for a drawing; and the bytes of the inside's own messages. The first drawing on an empty canvas, as here, is sent twice.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, WebSocket, sync_playwright

from tests.browser import chromium
from tests.e2e.drawing import DrawPage, see
from tests.measure.usage import processor_time
from tests.servers import Server, started_server

STEP = """(key) => new Promise((done) => {
  const roots = [...document.querySelectorAll("*")].map((element) => element.shadowRoot).filter(Boolean);
  const find = (name) => roots.map((root) => root.querySelector(name)).find(Boolean);
  const canvas = find(".hidden-state canvas");
  const before = canvas.toDataURL();
  const begun = performance.now();
  find(".viewer").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const look = () => (canvas.toDataURL() === before ? requestAnimationFrame(look) : done(performance.now() - begun));
  look();
})"""
FRAMES = """() => new Promise((done) => {
  const roots = [...document.querySelectorAll("*")].map((element) => element.shadowRoot).filter(Boolean);
  const viewer = roots.map((root) => root.querySelector(".viewer")).find(Boolean);
  viewer.querySelector(".first").click();
  viewer.querySelector(".play").click();
  let frames = 0;
  const begun = performance.now();
  const next = () => {
    frames += 1;
    const passed = performance.now() - begun;
    if (passed < 3000) requestAnimationFrame(next);
    else done((3000 * frames) / passed);
  };
  requestAnimationFrame(next);
})"""
ANSWER = """() => new Promise((done) => {
  const roots = [...document.querySelectorAll("*")].map((element) => element.shadowRoot).filter(Boolean);
  const answer = roots.map((root) => root.querySelector(".answer[role=status]")).find(Boolean);
  const look = () =>
    /RAM/.test(answer.textContent) ? done(performance.now() - window.begun) : requestAnimationFrame(look);
  look();
})"""
CLOCK = """() => {
  for (const kind of ["pointerup", "mouseup"])
    document.addEventListener(kind, () => { window.begun = performance.now(); }, true);
}"""


class Visitor:
    """Somebody who draws and steps, in a window of their own."""

    def __init__(self, page: Page, server: Server, query: str) -> None:
        self.page, self.server = page, server
        self.received = 0
        self.inside = page.locator(".inside .count") if "inside=yes" in query else None
        page.on("websocket", self._listen)
        self.draw_page = DrawPage(page, server.address)
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.draw_page.open(query)
        page.evaluate(CLOCK)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        content = payload.encode() if isinstance(payload, str) else payload
        if b"app.inside" in content:
            self.received += len(content)

    def draw(self, turn: int) -> tuple[float, float, float]:
        """A digit: milliseconds to the answer, milliseconds of the server, bytes."""
        self.draw_page.click_in_app("clear")
        self.page.locator(".viewer.idle").wait_for()
        self._settle()
        used, received = processor_time(self.server.process.pid), self.received
        self.draw_page.draw((1, 2, 3, 7)[turn % 4], left=40 + turn % 3)
        took = self.page.evaluate(ANSWER)
        if self.inside is not None:
            self.inside.wait_for()
        self._settle()
        return took, 1000 * (processor_time(self.server.process.pid) - used), self.received - received

    def play(self) -> tuple[float, float]:
        """Frames a second, and milliseconds of the browser's main thread for each."""
        self.page.emulate_media(reduced_motion="no-preference")
        self.page.bring_to_front()
        before = self._main_thread()
        frames = self.page.evaluate(FRAMES)
        return frames / 3, 1000 * (self._main_thread() - before) / frames

    def _main_thread(self) -> float:
        numbers = self.devtools.send("Performance.getMetrics")["metrics"]
        return float(next(number["value"] for number in numbers if number["name"] == "TaskDuration"))

    def _settle(self) -> None:
        self.page.locator(".stApp[data-test-script-state=notRunning]").wait_for()


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--model", default="mnist")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {"closed": [], "open": []}
    with tempfile.TemporaryDirectory() as folder, started_server(Path(folder)) as server, sync_playwright() as tool:
        browser = chromium(tool)
        visitors = {
            name: Visitor(
                browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"), server, query
            )
            for name, query in (
                ("closed", f"?first=centre&model={options.model}"),
                ("open", f"?first=centre&inside=yes&model={options.model}"),
            )
        }
        for turn in range(options.rounds + 1):
            for name, visitor in visitors.items():
                result = visitor.draw(turn)
                if turn:  # the first round wakes everything up
                    found[name].append(result)
        steps = []
        page = visitors["open"].page
        see(page.locator(".inside .count"))
        for turn in range(4 * options.rounds):
            steps.append(page.evaluate(STEP, "ArrowLeft" if turn % 4 < 2 else "ArrowRight"))
        frames: dict[str, list[tuple[float, float]]] = {name: [] for name in visitors}
        for turn in range(4):
            for name, visitor in visitors.items():
                playing = visitor.play()
                if turn:
                    frames[name].append(playing)
        browser.close()
    print("| | to the answer | server | received | frames a second | main thread a frame |\n|---|--:|--:|--:|--:|--:|")
    for name, results in found.items():
        took, used, _ = (statistics.median(numbers) for numbers in zip(*results, strict=True))
        size = max(received for _, _, received in results)  # Streamlit does not send twice what a browser has
        rate, busy = (statistics.median(numbers) for numbers in zip(*frames[name], strict=True))
        print(f"| {name} | {took:.0f} ms | {used:.0f} ms | {size / 1000:.1f} kB | {rate:.1f} | {busy:.1f} ms |")
    print(f"A step: {statistics.median(steps):.0f} ms in the median, {max(steps):.0f} ms at most")


if __name__ == "__main__":
    main()
