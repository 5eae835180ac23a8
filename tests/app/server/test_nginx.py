"""What docs/nginx.conf keeps away from the app; only where nginx is installed."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from pathlib import Path

import pytest

from tests.measure.replicas import fetch, nginx
from tests.processes import wait_until
from tests.servers import Server, started_server

SLOW = 200
HALVES = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
    b"",
]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")
@pytest.mark.parametrize("half", HALVES)
def test_slow_visitors_do_not_reach_the_app_and_are_let_go(tmp_path: Path, half: bytes) -> None:
    with started_server(tmp_path) as server, nginx(tmp_path, [server]) as address:
        fetch(address)
        before = open_files(server)
        host, port = address.removeprefix("http://").split(":")
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(SLOW)]
            for connection in slow:
                connection.sendall(half)
            begun = time.monotonic()
            fetch(address)  # somebody else is answered meanwhile
            assert time.monotonic() - begun < 5
            assert open_files(server) < before + 10
            for connection in slow:
                connection.setblocking(False)
            wait_until(lambda: all(is_closed(connection) for connection in slow), seconds=30)


def open_files(server: Server) -> int:
    """How many files and connections a server has open."""
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end has closed or reset a connection."""
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")
def test_measurements_of_the_server_are_not_for_visitors(tmp_path: Path) -> None:
    with started_server(tmp_path) as server, nginx(tmp_path, [server]) as address:
        for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json"):
            with pytest.raises(OSError, match="404"):
                fetch(address + path)
