"""What docs/nginx.conf keeps away from the app. It needs nginx: `make test` installs it, or leaves this file out."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.measure.replicas import fetch, nginx
from tests.processes import wait_until
from tests.servers import Server, started_server

SLOW = 70  # of each kind
HALVES = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
    b"",
]


class Front(NamedTuple):
    """A server with nginx in front of it."""

    server: Server
    address: str
    """Where nginx listens."""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    with started_server(folder) as server, nginx(folder, [server]) as address:
        yield Front(server, address)


def test_slow_visitors_do_not_reach_the_app_and_are_let_go(front: Front) -> None:
    fetch(front.address)
    before = open_files(front.server)
    host, port = front.address.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in HALVES * SLOW]
        for connection, half in zip(slow, HALVES * SLOW, strict=True):
            connection.sendall(half)
        fetch(front.address)  # somebody else is answered meanwhile
        for connection in slow:
            connection.setblocking(False)
        assert not all(is_closed(connection) for connection in slow)
        assert open_files(front.server) < before + 10
        wait_until(lambda: all(is_closed(connection) for connection in slow))


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


def test_measurements_of_the_server_are_not_for_visitors(front: Front) -> None:
    for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json"):
        with pytest.raises(OSError, match="404"):
            fetch(front.address + path)
