"""A proxy that answers below a path, and asks a server without it: python -m tests.stripping_proxy PATH PORT SERVER"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import subprocess
import sys
from collections.abc import Iterator

from tests.servers import ROOT, free_port, wait_until_listening


@contextlib.contextmanager
def stripping_proxy(path: str, server: int) -> Iterator[int]:
    """The port of a proxy in front of a server's port; a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.stripping_proxy", path, str(port), str(server)], cwd=ROOT)
    try:
        wait_until_listening(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


async def serve(path: str, port: int, server: int) -> None:
    """Listens for ever."""
    async with await asyncio.start_server(functools.partial(pass_on, path, server), "127.0.0.1", port) as own:
        await own.serve_forever()


async def pass_on(path: str, server: int, browser: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    """Passes on one request, or one websocket, over a connection of its own."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await browser.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, _, headers = head.partition("\r\n")
        if f" {path}/" not in request:
            answer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            if "upgrade: websocket" not in headers.lower():
                headers = re.sub("(?im)^connection:.*$", "Connection: close\r", headers)
            source, target = await asyncio.open_connection("127.0.0.1", server)
            target.write(f"{request.replace(f' {path}/', ' /', 1)}\r\n{headers}".encode("latin-1"))
            sending = asyncio.create_task(copy(browser, target))
            await copy(source, answer)
            sending.cancel()
            target.close()
    answer.close()


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Passes on whatever comes, until it ends."""
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
