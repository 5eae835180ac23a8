"""Real servers of the app, for tests and measurements."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0


class Server(NamedTuple):
    """A server that was started here."""

    address: str
    process: subprocess.Popen[bytes]
    started: float
    """Seconds since the epoch, a browser's clock."""
    listening: float
    """When the server first took a connection, by the same clock."""


def write_limits(folder: Path, **limits: float | str) -> Path:
    """Writes the limits of a server with its runs in `folder`; the app's own hold where none is given."""
    lines = {"runs": str(folder / "runs"), **limits}
    file = folder / "limits.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    return file


@contextlib.contextmanager
def started_server(folder: Path, script: str = "app/main.py", **limits: float | str) -> Iterator[Server]:
    """A server from the moment it listens, with its runs in `folder`; its log is `folder / "log"`."""
    port = free_port()
    environment = {**os.environ, "GLIMPSE_LIMITS": str(write_limits(folder, **limits))}
    # Compiled modules are kept, as on every machine that has started the app once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
    with (folder / "log").open("wb") as log:
        started = time.time()
        process = subprocess.Popen(
            [*command, f"--server.port={port}", "--server.address=127.0.0.1"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_listening(port, process)
            yield Server(f"http://127.0.0.1:{port}", process, started, time.time())
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until a process that was just started takes connections, to a hundredth of a second."""
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE_S:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise RuntimeError(f"nobody listens on port {port}")
