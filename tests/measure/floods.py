"""What a visitor leaves behind who sends without end: python -m tests.measure.floods [--files 200] [--messages 500]

Uploads files of 4.9 MB that no widget asked for, and then sends messages that are none of Streamlit's, each in a
session of its own. Prints the server's memory before and after the files, and the size of its log after the messages.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import tempfile
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.measure.usage import memory
from tests.measure.visitor import drawings, visit
from tests.servers import Server, started_server

FILE = b"x" * 4_900_000


class Answer:
    """What a server answered."""

    def __init__(self, server: str, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> None:
        connection = http.client.HTTPConnection(server, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        self.status, self.headers, self.text = answer.status, answer.headers, answer.read().decode(errors="replace")
        connection.close()


def put(server: str, session: str, name: str, content: bytes) -> Answer:
    """Uploads a file."""
    cookie = Answer(server, "/_stcore/health").headers["set-cookie"].split(";")[0]
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + content + b"\r\n--x--\r\n"
    path = f"/_stcore/upload_file/{session.replace(' ', '-')}/{name}"
    headers = {
        "Cookie": cookie,
        "X_Xsrftoken": cookie.split("=", 1)[1],
        "Content_Type": "multipart/form-data; boundary=x",
    }
    return Answer(server, path, "PUT", body, **headers)


async def send_nonsense(server: str, times: int) -> None:
    """What is no message of Streamlit's, in a session of its own each time."""
    for _ in range(times):
        async with connect(f"ws://{server}/_stcore/stream", proxy=None) as session:
            await session.send(b"\xff" * 100)
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await session.recv()


async def upload(server: Server, files: int) -> tuple[float, float]:
    """The server's memory before and after so many files, in MB."""
    async with visit(server.address) as visitor:
        await visitor.open()
        await visitor.draw(drawings(1)[0])
        before = memory(server.process.pid)
        for number in range(files):
            name = server.address.removeprefix("http://")
            await asyncio.to_thread(put, name, visitor.session, f"file-{number}", FILE)
        return before, memory(server.process.pid)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--messages", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, started_server(Path(place)) as server:
        before, after = asyncio.run(upload(server, options.files))
        asyncio.run(send_nonsense(server.address.removeprefix("http://"), options.messages))
        log = (Path(place) / "log").stat().st_size
    print(f"{options.files} files: {before:.0f} → {after:.0f} MB; {options.messages} messages: a log of {log:,} bytes")


if __name__ == "__main__":
    main()
