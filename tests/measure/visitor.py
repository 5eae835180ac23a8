"""A session without a browser: speaks Streamlit's own protocol over a websocket, and draws."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import io
import itertools
import json
import random
import time
import urllib.parse
import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.BidiComponent_pb2 import BidiComponent
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect

from app.look.light import DARK_FIELD
from tests.canvas import runs_of
from tests.e2e.drawing import DIGITS, Stroke

PATIENCE_S = 60.0
CANVAS, BRUSH, SIDE = 280, 20, 200  # pixels
PAPER, INK = DARK_FIELD, "#ffffff"


class VisitError(Exception):
    """The server did not answer as it should; the message says how."""


def drawings(count: int, *, as_png: bool = False) -> list[str]:
    """What the app's canvas would report for drawings of digits here and there, or, as PNG, that of the bare page."""
    chance = random.Random(0)
    digits = itertools.islice(itertools.cycle(DIGITS.values()), count)
    return [_canvas_value(strokes, chance.randint(5, 75), chance.randint(5, 75), as_png) for strokes in digits]


def _canvas_value(strokes: list[Stroke], left: int, top: int, as_png: bool) -> str:
    lines = [_points(stroke, left, top) for stroke in strokes]
    raw = {"version": "7.4.0", "objects": [_path(line) for line in lines], "background": PAPER}
    image = _painted(lines)
    seen = {"data": _data_url(image)} if as_png else {"levels": runs_of(image)}
    return json.dumps({"drawing": {"raw": raw, **seen}})


def _points(stroke: Stroke, left: int, top: int) -> list[tuple[float, float]]:
    """The stroke on the canvas, with four points where it had one, as a mouse reports them."""
    corners = left + SIDE * np.array(stroke)[:, 0], top + SIDE * np.array(stroke)[:, 1]
    steps = np.linspace(0, len(stroke) - 1, 4 * (len(stroke) - 1) + 1)
    x, y = (np.interp(steps, np.arange(len(stroke)), values).round(4).tolist() for values in corners)
    return list(zip(x, y, strict=True))


def _path(points: list[tuple[float, float]]) -> dict[str, Any]:
    """A stroke in the words of Fabric.js."""
    curves = [["Q", *start, *end] for start, end in itertools.pairwise(points)]
    look = {"fill": None, "stroke": INK, "strokeWidth": BRUSH, "strokeLineCap": "round", "strokeLineJoin": "round"}
    return {"type": "Path", "version": "7.4.0", **look, "path": [["M", *points[0]], *curves, ["L", *points[-1]]]}


def _painted(lines: list[list[tuple[float, float]]]) -> Image.Image:
    image = Image.new("RGBA", (2 * CANVAS, 2 * CANVAS), PAPER)  # then halved, for edges as soft as a browser's
    pen = ImageDraw.Draw(image)
    for line in lines:
        points = [(2 * x, 2 * y) for x, y in line]
        pen.line(points, fill=INK, width=2 * BRUSH, joint="curve")
        for end in (points[0], points[-1]):
            pen.circle(end, BRUSH, fill=INK)
    return image.reduce(2)


def _data_url(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)  # a browser is as quick, and its files as large
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


class Run(NamedTuple):
    """One run of the page's script, as its client saw it."""

    at: float
    """When it began, by the monotonic clock."""
    look: float
    """Milliseconds until the viewer was there."""
    end: float
    """Milliseconds until the script had finished."""
    received: int
    """Bytes."""
    messages: tuple[tuple[str, int], ...]
    """What came, in order: what each message was, and how many bytes."""


class Visitor:
    """What a browser says to the server, and hears, on the Draw page."""

    def __init__(self, address: str, connection: ClientConnection, query: str = "") -> None:
        self._address = address
        self._connection = connection
        self.session = ""
        """The server's name for this session, once the page is open."""
        self.query = query
        """What its address says after the question mark."""
        self.look = ""
        """What identifies the look on show; empty if there is none."""
        self._components: dict[str, str] = {}  # what the server calls each, by its name
        self._page = self._canvas = self._fragment = self._uploader = self._problem = ""

    async def open(self, page: str = "") -> Run:
        """Loads a page, by its name in the address; that with the canvas if there is none."""
        run = await self._rerun(page=page)
        if self._problem or not (page or self._canvas):
            raise VisitError(self._problem or "the page has no canvas")
        return run

    async def give(self, content: bytes) -> Run:
        """Uploads a file, and lets the page's widget take it."""
        status, file = await asyncio.to_thread(upload, self._address, self.session, content)
        if status >= 300:
            raise VisitError(f"an upload was answered with {status}")
        widget = WidgetState(id=self._uploader)
        info = widget.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = file, "picture.png", len(content)
        info.file_urls.file_id = file
        run = await self._rerun(widget)
        if self._problem:
            raise VisitError(self._problem)
        return run

    async def draw(self, value: str) -> Run:
        """Draws something else than before: `value` is what the canvas reports."""
        return await self._look_anew(WidgetState(id=self._canvas, json_value=value))

    async def override(self, glimpse: int, x: float, y: float) -> Run:
        """Makes a glimpse (from 1) look somewhere else than before, as the viewer does when a window is let go."""
        move = {"glimpse": glimpse, "x": x, "y": y, "number": time.time_ns()}
        return await self._look_anew(self._event("viewer", "move", move))

    async def send(self, component: str, event: str, value: Any) -> Run:
        """Sends what a component of that name does, though it may have left the page by now."""
        self._problem = ""
        run = await self._rerun(self._event(component, event, value), fragment=self._fragment)
        if self._problem:
            raise VisitError(self._problem)
        return run

    def _event(self, component: str, event: str, value: Any) -> WidgetState:
        widget = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{self._components[component]}__events"
        return WidgetState(id=widget, json_trigger_value=json.dumps([{"event": event, "value": value}]))

    async def _look_anew(self, widget: WidgetState) -> Run:
        before, self._problem = self.look, ""
        # A browser also repeats the values of all other widgets; the server knows them.
        run = await self._rerun(widget, fragment=self._fragment)
        if self._problem or self.look in ("", before):
            raise VisitError(self._problem or "what was done was not answered with another look")
        return run

    async def _rerun(self, *widgets: WidgetState, page: str = "", fragment: str = "") -> Run:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self._page, fragment
        state.page_name = page
        state.widget_states.widgets.extend(widgets)
        state.context_info.url = self._address
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        begun, look = time.monotonic(), float("nan")
        messages: list[tuple[str, int]] = []
        await self._connection.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE_S):
            while True:
                data = await self._connection.recv(decode=False)
                passed = 1000 * (time.monotonic() - begun)
                answer = ForwardMsg.FromString(data)
                messages.append((_kind(answer), len(data)))
                if self._takes_look(answer):
                    look = passed
                if self._is_end(answer):
                    return Run(begun, look, passed, sum(size for _, size in messages), tuple(messages))

    def _takes_look(self, message: ForwardMsg) -> bool:
        """Remembers what the next message to the server needs; returns whether this one is the viewer."""
        match message.WhichOneof("type"):
            case "new_session":
                self.session = message.new_session.initialize.session_id
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "navigation":
                self._page = message.navigation.page_script_hash
            case "delta" if message.delta.new_element.WhichOneof("type") == "exception":
                self._problem = f"the page shows {message.delta.new_element.exception.type}"
            case "delta" if message.delta.new_element.WhichOneof("type") == "file_uploader":
                self._uploader = message.delta.new_element.file_uploader.id
            case "delta" if message.delta.new_element.WhichOneof("type") == "bidi_component":
                return self._takes_component(message.delta.new_element.bidi_component, message.delta.fragment_id)
        return False

    def _takes_component(self, component: BidiComponent, fragment: str) -> bool:
        self._components[component.component_name.rpartition(".")[2]] = component.id
        if component.component_name.endswith(("app.pad", "drawable_canvas")):
            self._canvas, self._fragment = component.id, fragment
        if component.component_name not in ("app.viewer", "viewer"):
            return False
        self.look = (json.loads(component.bytes or component.json)["scene"] or {"id": ""})["id"]
        return True

    def _is_end(self, message: ForwardMsg) -> bool:
        if message.WhichOneof("type") != "script_finished":
            return False
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self._problem = "the script has an error"
        return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN  # then it begins anew


def _kind(message: ForwardMsg) -> str:
    """What a message is; of an element which, and of a component its name."""
    kind = message.WhichOneof("type") or ""
    if kind != "delta":
        return kind
    element = message.delta.new_element.WhichOneof("type") or "container"
    return message.delta.new_element.bidi_component.component_name if element == "bidi_component" else element


@contextlib.asynccontextmanager
async def visit(address: str, cookie: str = "", query: str = "") -> AsyncIterator[Visitor]:
    """A session that has not opened the page yet."""
    stream = f"{address.replace('http', 'ws', 1).rstrip('/')}/_stcore/stream"
    headers = {"Cookie": cookie} if cookie else {}
    async with connect(
        stream,
        subprotocols=["streamlit"],  # type: ignore[list-item]  # a NewType of str
        additional_headers=headers,
        compression=None,
        max_size=None,
        ping_interval=None,
        open_timeout=PATIENCE_S,
    ) as connection:
        yield Visitor(address, connection, query)


def upload(address: str, session: str, content: bytes, *, promised: int | None = None) -> tuple[int, str]:
    """Sends a file as the browser does for a session; returns the answer's status and the name the server knows it by.

    No widget takes it unless the session's next message says so. `promised` bytes are announced instead of the file's.
    """
    file, boundary = str(uuid.uuid4()), uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="picture.png"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{boundary}--\r\n".encode()
    with contextlib.closing(http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)) as connection:
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        headers = {
            "Cookie": cookie,
            "X-Xsrftoken": cookie.partition("=")[2],
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(body) if promised is None else promised),
        }
        connection.request("PUT", f"/_stcore/upload_file/{session}/{file}", body, headers)
        return connection.getresponse().status, file
