"""How long the page keeps one waiting, and what it weighs: python -m tests.measure.page_speed [--drawings 30]

A real Chromium, started before, opens the Draw page of a server that is started for it, --starts times; then it draws
digits with the mouse, and each stage from mouse-up to the first frame of the animation is timed by the page's clock:

- the canvas waits 200 ms for another stroke before it reports: from mouse-up until it takes the picture of itself;
- it encodes the picture, and Streamlit sends it: until the message to the server leaves;
- the server answers: until the message with the viewer's new scene arrives;
- the browser shows it: until the first animation frame in which the viewer has a scene, and until that is painted.

The bar is on all but the canvas's own waiting. A start is timed from starting the server's process until the page's
heading is visible, and until one can draw: the canvas is there, and the viewer, which has waited for the model. Weight
is what comes over the network, as compressed as it comes; that of the websocket is counted apart.
"""

from __future__ import annotations

import argparse
import base64
import collections
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

import numpy as np
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser import chromium
from tests.e2e.drawing import DrawPage
from tests.servers import Server, started_server

ONE_STROKE = (1, 2, 3, 5, 6, 7, 9)
MOST_ABOVE_CANVAS = 60.0  # milliseconds, median
LATEST_HEADING, LATEST_READY = 1.0, 3.0  # seconds after a cold start
QUIET_MS = 600  # longer than the canvas waits

# Runs before any script of the page. A frame is one of the browser's own: `look` runs before each of them.
STOPWATCH = """(() => {
  const events = [];
  const note = (kind, extra) => events.push({ kind, at: performance.now(), ...extra });
  const watch = (window.stopwatch = { seen: {}, armed: false });

  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    note("sent", { size: data.byteLength ?? data.length });
    return send.call(this, data);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...parts) {
      super(...parts);
      this.addEventListener("message", ({ data }) => note("received", { size: data.byteLength, data }));
    }
  };
  const { getImageData } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.getImageData = function (...options) {
    note("reported");
    return getImageData.apply(this, options);
  };
  addEventListener("mouseup", (event) => events.push({ kind: "up", at: event.timeStamp }), true);

  const find = (selector) =>
    document.querySelector(selector) ??
    [...document.querySelectorAll("*")].map((host) => host.shadowRoot?.querySelector(selector)).find(Boolean);
  const parts = { heading: "h1.wordmark", canvas: "canvas.upper-canvas", viewer: ".viewer .classes li" };
  const painted = new MessageChannel();
  painted.port1.onmessage = () => note("painted");
  let viewer;
  const look = () => {
    for (const [name, selector] of Object.entries(parts)) {
      if (watch.seen[name] || !find(selector)?.checkVisibility()) continue;
      watch.seen[name] = performance.timeOrigin + performance.now();
    }
    if (!viewer?.isConnected) viewer = watch.seen.viewer && find(".viewer");
    if (watch.armed && viewer && !viewer.classList.contains("idle")) {
      note("frame");
      painted.port2.postMessage(""); // comes when the frame is done
      watch.armed = false;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  // Between messages nothing happens on this page but the animation, which the server knows nothing of.
  watch.quiet = (time) => performance.now() - (events.findLast(({ kind }) => kind !== "frame")?.at ?? 0) > time;
  watch.take = () => {
    const text = (data) => btoa(Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join(""));
    return events.splice(0).map(({ data, ...event }) => (data ? { ...event, data: text(data) } : event));
  };
})()"""


class Drawing(NamedTuple):
    """The stages of one drawing in milliseconds, and what it sent over the websocket in bytes."""

    canvas: float
    """Mouse-up until the canvas reports."""
    sending: float
    """Until the message to the server leaves."""
    server: float
    """Until the message with the viewer's new scene arrives."""
    browser: float
    """Until the first frame with it."""
    above: float
    """All of them but the canvas's."""
    total: float
    painting: float
    """From that frame's script until it is painted."""
    finished: float
    """From the message to the server until its script has finished."""
    sent: int
    received: int


class Load(NamedTuple):
    """How one load of the page went; seconds since it, or the server, was started."""

    listening: float
    """When the server took connections; 0 where it did before."""
    heading: float
    canvas: float
    ready: float
    requests: int
    bytes: int
    """Over the network, without the websocket."""
    websocket: int
    """Bytes received."""
    heaviest: dict[str, int]
    """Bytes by file, the heaviest first."""


class Traffic:
    """What comes over the network to a page, the websocket's apart."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes: collections.Counter[str] = collections.Counter()
        self.requests = 0
        self._names: dict[str, str] = {}
        session.send("Network.enable")
        session.on("Network.responseReceived", self._begin)
        session.on("Network.loadingFinished", self._end)

    def _begin(self, event: dict[str, Any]) -> None:
        self._names[event["requestId"]] = Path(urlparse(event["response"]["url"]).path).name or "/"

    def _end(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.bytes[self._names.get(event["requestId"], "?")] += int(event["encodedDataLength"])


def load(page: Page, open_page: Callable[[], object], server: Server | None = None) -> Load:
    """Opens a page and times it from the start of its server, or else from the beginning of the navigation."""
    session = page.context.new_cdp_session(page)
    traffic = Traffic(session)
    open_page()
    page.wait_for_function("Object.keys(window.stopwatch?.seen ?? {}).length === 3", timeout=60_000)
    seen = page.evaluate("stopwatch.seen")
    page.wait_for_function(f"stopwatch.quiet({2 * QUIET_MS})")
    begun = page.evaluate("performance.timeOrigin") if server is None else 1000 * server.started
    heading, canvas, viewer = ((seen[part] - begun) / 1000 for part in ("heading", "canvas", "viewer"))
    received = [event["size"] for event in page.evaluate("stopwatch.take()") if event["kind"] == "received"]
    session.detach()
    return Load(
        listening=0.0 if server is None else server.listening - server.started,
        heading=heading,
        canvas=canvas,
        ready=max(canvas, viewer),
        requests=traffic.requests,
        bytes=traffic.bytes.total(),
        websocket=sum(received),
        heaviest=dict(traffic.bytes.most_common(8)),
    )


def draw(page: Page, draw_page: DrawPage, count: int) -> list[Drawing]:
    """Times drawings of one stroke, each on an empty canvas."""
    results = []
    for index in range(count):
        page.locator(".tools .clear").click()
        draw_page.expect_empty_stage()
        page.wait_for_function(f"stopwatch.quiet({QUIET_MS})")
        page.evaluate("stopwatch.take(), stopwatch.armed = true")
        draw_page.draw(ONE_STROKE[index % len(ONE_STROKE)])
        page.wait_for_function(f"!stopwatch.armed && stopwatch.quiet({QUIET_MS})")
        results.append(stages(page.evaluate("stopwatch.take()")))
    return results


def stages(events: list[dict[str, Any]]) -> Drawing:
    """The stages of a drawing from what the stopwatch has noted."""

    def first(kind: str, after: float = 0.0) -> float:
        return next(float(event["at"]) for event in events if event["kind"] == kind and event["at"] >= after)

    up = first("up")
    reported = first("reported", up)
    sent = first("sent", reported)
    answers = [(event, ForwardMsg.FromString(base64.b64decode(event["data"]))) for event in events if "data" in event]
    viewer = next(event["at"] for event, message in answers if event["at"] > sent and _is_viewer(message))
    ends = [event["at"] for event, message in answers if message.WhichOneof("type") == "script_finished"]
    frame = first("frame", viewer)
    return Drawing(
        canvas=reported - up,
        sending=sent - reported,
        server=viewer - sent,
        browser=frame - viewer,
        above=frame - reported,
        total=frame - up,
        painting=first("painted", frame) - frame,
        finished=next(end for end in ends if end > sent) - sent,
        sent=sum(event["size"] for event in events if event["kind"] == "sent"),
        received=sum(event["size"] for event in events if event["kind"] == "received"),
    )


def _is_viewer(message: ForwardMsg) -> bool:
    return message.delta.new_element.bidi_component.component_name == "app.viewer"


# ---- the measurement ----


class Report(NamedTuple):
    """All that was measured."""

    cold: list[Load]
    """Each on a server that was just started, from the start of its process."""
    warm: Load
    """Somebody else's first load, from the beginning of the navigation."""
    reload: Load
    """The same page again, with what the browser has kept."""
    drawings: list[Drawing]


def measure(browser: Browser, *, starts: int, drawings: int) -> Report:
    """Starts servers, loads the page and draws on it."""
    cold = [_cold_start(browser) for _ in range(starts - 1)]
    with tempfile.TemporaryDirectory() as place, started_server(Path(place)) as server:
        page = _window(browser).new_page()
        draw_page = DrawPage(page, server.address)
        cold.append(load(page, lambda: page.goto(server.address), server))
        other = _window(browser).new_page()
        warm = load(other, lambda: other.goto(server.address))
        again = load(other, other.reload)
        other.context.close()
        draw(page, draw_page, 5)  # warms everything up
        results = draw(page, draw_page, drawings)
        page.context.close()
    return Report(cold, warm, again, results)


def _cold_start(browser: Browser) -> Load:
    page = _window(browser).new_page()
    with tempfile.TemporaryDirectory() as place, started_server(Path(place)) as server:
        result = load(page, lambda: page.goto(server.address), server)
    page.context.close()
    return result


def _window(browser: Browser) -> BrowserContext:
    """An empty window of somebody who has not been here before."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, bypass_csp=True
    )  # the page evaluates conditions
    context.add_init_script(STOPWATCH)
    return context


def as_markdown(report: Report) -> str:
    """Three tables."""
    stages_of = {
        "the canvas waits": "canvas",
        "the canvas encodes, the message leaves": "sending",
        "the server answers with the scene": "server",
        "the browser shows the first frame": "browser",
        f"**above the canvas's waiting** {_bar('median', above(report), MOST_ABOVE_CANVAS, 'ms')}": "above",
        "mouse-up to the first frame": "total",
        "that frame's painting": "painting",
        "the server's script has finished (after the message left)": "finished",
    }
    lines = [f"| {len(report.drawings)} drawings | median, ms | p95, ms |", "|---|--:|--:|"]
    for text, name in stages_of.items():
        middle, late = np.percentile([getattr(drawing, name) for drawing in report.drawings], (50, 95))
        lines.append(f"| {text} | {middle:.0f} | {late:.0f} |")
    return "\n".join([*lines, "", *_loads_as_markdown(report), "", *_weight_as_markdown(report)])


def _loads_as_markdown(report: Report) -> list[str]:
    heading, ready = cold_start(report)
    return [
        f"| load | listening, s | heading, s {_bar('cold', heading, LATEST_HEADING, 's')} | canvas, s "
        f"| one can draw, s {_bar('cold', ready, LATEST_READY, 's')} | requests | kB | websocket, kB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *(_load_row(f"cold start {number}", one) for number, one in enumerate(report.cold, start=1)),
        _load_row("warm server", report.warm),
        _load_row("the same window again", report.reload),
    ]


def _load_row(name: str, one: Load) -> str:
    times = f"{one.listening:.2f} | {one.heading:.2f} | {one.canvas:.2f} | {one.ready:.2f}"
    return f"| {name} | {times} | {one.requests} | {one.bytes / 1000:.0f} | {one.websocket / 1000:.0f} |"


def _weight_as_markdown(report: Report) -> list[str]:
    sent, received = (
        statistics.median(getattr(drawing, name) for drawing in report.drawings) / 1000 for name in ("sent", "received")
    )
    files = (f"| {name} | {size / 1000:.0f} |" for name, size in report.warm.heaviest.items())
    return [
        "| weight | kB |",
        "|---|--:|",
        f"| a drawing, to the server | {sent:.1f} |",
        f"| a drawing, from the server | {received:.1f} |",
        *files,
    ]


def above(report: Report) -> float:
    """Median of what a drawing takes beside the canvas's own waiting, in milliseconds."""
    return statistics.median(drawing.above for drawing in report.drawings)


def cold_start(report: Report) -> tuple[float, float]:
    """Median seconds from the start of the server until the heading is there, and until one can draw."""
    return statistics.median(one.heading for one in report.cold), statistics.median(one.ready for one in report.cold)


def _bar(what: str, value: float, largest: float, unit: str) -> str:
    return f"({what} ≤ {largest:g} {unit}: {'✓' if value <= largest else '✗'} {value:.3g})"


def as_json(report: Report) -> dict[str, Any]:
    """Everything as plain values."""
    heading, ready = cold_start(report)
    return {
        "above_canvas_ms": above(report),
        "cold_heading_s": heading,
        "cold_ready_s": ready,
        "cold": [one._asdict() for one in report.cold],
        "warm": report.warm._asdict(),
        "reload": report.reload._asdict(),
        "drawings": [drawing._asdict() for drawing in report.drawings],
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=30)
    parser.add_argument("--starts", type=int, default=3, help="cold starts; the median counts")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        report = measure(browser, starts=options.starts, drawings=options.drawings)
        browser.close()
    print(json.dumps(as_json(report), indent=1) if options.json else as_markdown(report))


if __name__ == "__main__":
    main()
