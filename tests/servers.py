"""Real servers of the app, for tests and measurements."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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


def write_limits(folder: Path, **limits: float | str | list[str]) -> Path:
    """Writes the limits of a server with its runs in `folder`; the app's own hold where none is given."""
    lines = {"runs": str(folder / "runs"), **limits}
    file = folder / "limits.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()), encoding="utf-8")
    return file


@contextlib.contextmanager
def started_server(
    folder: Path,
    script: str = "app/main.py",
    *,
    arguments: Sequence[str] = ("--server.headless=true", "--server.address=127.0.0.1"),
    environment: Mapping[str, str | None] | None = None,
    cwd: Path = ROOT,
    prefix: Sequence[str] = (),
    **limits: float | str | list[str],
) -> Iterator[Server]:
    """A server from the moment it listens, with its runs in `folder`; its log is `folder / "log"`.

    Args:
        folder: an empty folder.
        script: what Streamlit runs, in the project's folder.
        arguments: flags of Streamlit.
        environment: variables that differ from this process's; None for those that it shall not have.
        cwd: where it is started.
        prefix: a command that ends by running the one that follows it.
        limits: lines of `limits.toml` that differ from the app's own.
    """
    port = free_port()
    host = next((flag.partition("=")[2] for flag in arguments if "address=127." in flag), "127.0.0.1")
    # Compiled modules are kept, as on every machine that has started the app once.
    changed = {"PYTHONDONTWRITEBYTECODE": None, **(environment or {})}
    variables = {**os.environ, "GLIMPSE_LIMITS": str(write_limits(folder, **limits)), **changed}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), *arguments]
    with (folder / "log").open("wb") as log:
        started = time.time()
        process = subprocess.Popen(
            [*prefix, *command, f"--server.port={port}"],
            cwd=cwd,
            env={name: value for name, value in variables.items() if value is not None},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_listening(port, process, host)
            yield Server(f"http://{host}:{port}", process, started, time.time())
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes], host: str = "127.0.0.1") -> None:
    """Waits until a process that was just started takes connections, to a hundredth of a second."""
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE_S:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.01)
    raise RuntimeError(f"nobody listens on port {port}")
