"""Firefox and WebKit as Debian has them, driven by what each speaks: WebDriver BiDi and WebDriver, both W3C's.

Neither needs a package: Firefox speaks BiDi by itself, and WebKitGTK brings its driver along.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from websockets.sync.client import ClientConnection, connect

from tests.servers import free_port, wait_until_listening

SIZE = (1440, 900)
Actions = list[dict[str, Any]]


class Engine(Protocol):
    """A browser with one tab."""

    def open(self, address: str) -> None:
        """Loads a page."""

    def ask(self, script: str) -> Any:
        """What an expression of JavaScript is worth, as JSON knows it."""

    def act(self, actions: Actions) -> None:
        """Does what W3C's WebDriver calls actions, with mouse and keys."""


class Firefox:
    """Speaks WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi) over a websocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._call("session.new", capabilities={})
        self._tab = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, address: str) -> None:
        self._call("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def ask(self, script: str) -> Any:
        target = {"context": self._tab}
        expression = f"JSON.stringify({script})"
        answer = self._call("script.evaluate", expression=expression, target=target, awaitPromise=False)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def act(self, actions: Actions) -> None:
        self._call("input.performActions", context=self._tab, actions=actions)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._connection.recv(timeout=60))).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result


class WebKit:
    """Speaks WebDriver (https://www.w3.org/TR/webdriver2) over HTTP."""

    def __init__(self, driver: str, browser: str) -> None:
        options = {"binary": browser, "args": ["--automation", f"--geometry={SIZE[0]}x{SIZE[1]}"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._driver = driver
        self._session = f"{driver}/session/{self._post(f'{driver}/session', wanted)['sessionId']}"

    def open(self, address: str) -> None:
        self._post(f"{self._session}/url", {"url": address})

    def ask(self, script: str) -> Any:
        said = self._post(f"{self._session}/execute/sync", {"script": f"return JSON.stringify({script})", "args": []})
        return json.loads(said or "null")

    def act(self, actions: Actions) -> None:
        self._post(f"{self._session}/actions", {"actions": actions})

    def close(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self._session, method="DELETE"), timeout=60)

    def _post(self, address: str, content: dict[str, Any]) -> Any:
        request = urllib.request.Request(address, json.dumps(content).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Debian's Firefox, with a new profile in this folder."""
    port, (width, height) = free_port(), SIZE
    command = [program("firefox-esr", "firefox"), "--headless", "--no-remote", "--profile", str(folder)]
    sizes = [f"--width={width}", f"--height={height}"]
    with (
        started([*command, *sizes, f"--remote-debugging-port={port}", "about:blank"], port),
        connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None) as connection,
    ):
        yield Firefox(connection)


@contextlib.contextmanager
def webkit(folder: Path) -> Iterator[WebKit]:
    """Debian's WebKitGTK, which wants a screen: a virtual one."""
    port = free_port()
    browser = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    screen = [program("xvfb-run"), "-a", "-s", f"-screen 0 {SIZE[0]}x{SIZE[1]}x24"]
    home = {"HOME": str(folder), "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
    with started([*screen, program("WebKitWebDriver"), f"--port={port}"], port, **home):
        engine = WebKit(f"http://127.0.0.1:{port}", str(browser))
        try:
            yield engine
        finally:
            engine.close()


def program(*names: str) -> str:
    """Where a program is.

    Raises:
        RuntimeError: there is none of these names.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError(f"there is no {names[0]}: `make test-browsers` installs it on Debian")
    return found


@contextlib.contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """Runs a program, and whatever it starts, from when it listens on this port."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
    try:
        wait_until_listening(port, process)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(timeout=20)


def line(*points: tuple[float, float]) -> Actions:
    """Draws a line with the mouse, between points of the window."""
    moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 40} for x, y in points]
    strokes = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
    return [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": strokes}]


def press(key: str) -> Actions:
    """Presses a key and lets it go."""
    return [{"type": "key", "id": "keys", "actions": [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]}]


def wait_for(engine: Engine, script: str, *, seconds: float = 60.0) -> Any:
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (answer := engine.ask(script)):
        assert time.monotonic() < deadline, f"not so after {seconds:g} seconds: {script}"
    return answer
