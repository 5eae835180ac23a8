"""Sockets that do not wait before they send."""

from __future__ import annotations

import socket

import pytest

from app.server.sockets import send_at_once


def sends_at_once(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connections_of_an_open_server_send_at_once(host: str) -> None:
    # As Streamlit opens it: the protocol is left open.
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
        server.bind((host, 0))
        server.listen()
        assert not sends_at_once(server)
        send_at_once()
        with socket.create_connection(server.getsockname()[:2]), server.accept()[0] as connection:
            assert sends_at_once(connection)


def test_other_sockets_are_left_alone() -> None:
    closed = socket.socket()
    closed.close()
    near, far = socket.socketpair()
    with near, far, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        send_at_once()
        assert closed.fileno() == -1
        assert near.send(b"1") == 1
        assert datagrams.type == socket.SOCK_DGRAM
