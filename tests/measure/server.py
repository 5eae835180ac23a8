"""A server of the app's own for one measurement, and what it takes of the machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.e2e.conftest import ROOT

PATIENCE_S = 60.0
MB = 1024**2


class Server(NamedTuple):
    """A server that was started here."""

    address: str
    process: subprocess.Popen[bytes]
    started: float
    """In seconds since the epoch, as the clock of a browser tells them, too."""
    listening: float
    """When it first took a connection, by the same clock."""


@contextlib.contextmanager
def started_server(folder: Path) -> Iterator[Server]:
    """A server of its own from the moment it listens, with its runs in `folder`; its log is `folder / "log"`."""
    port, limits = free_port(), folder / "limits.toml"
    text = (ROOT / "app/server/limits.toml").read_text()
    limits.write_text(text.replace('runs = "runs"', f'runs = "{folder / "runs"}"'))
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    environment = {**os.environ, "GLIMPSE_LIMITS": str(limits)}
    # Compiled modules are kept, as on every machine that has started the app once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
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


def memory(process: int) -> float:
    """Resident set of a process in MB; not a number where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def processor_time(process: int) -> float:
    """Seconds that a process has computed; not a number where the system has no /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
