"""How the server's sockets send."""

from __future__ import annotations

import gc
import socket


def send_at_once() -> None:
    """Lets connections send what is written at once, instead of waiting until what was sent before has been confirmed.

    A listening socket hands this option on to the connections that it takes. asyncio would set it for each, but only
    where a socket names its protocol, which Streamlit's does not (1.67; https://github.com/Kludex/uvicorn/issues/3149).
    Without it, the second of two small writes waits for the browser's confirmation, which comes 40 ms late.
    """
    # Streamlit has opened its socket before it imports the app, and keeps it to itself.
    for each in gc.get_objects():
        if type(each) is socket.socket and each.fileno() >= 0 and _is_tcp(each):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _is_tcp(each: socket.socket) -> bool:
    return each.type == socket.SOCK_STREAM and each.family in (socket.AF_INET, socket.AF_INET6)
