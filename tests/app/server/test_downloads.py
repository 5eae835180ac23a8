"""Files to take away, asked for as a browser does."""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import Message, Scope

from app.server.downloads import BUSY, GONE, MOST_ASKED, Downloads, File, download_route

LETTERS = File("für mich.txt", "text/plain", lambda: b"abc")


async def fetch(address: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a GET."""
    scope: Scope = {"type": "http", "method": "GET", "path": f"/{address}", "query_string": b"", "headers": []}
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await Starlette(routes=[download_route()])(scope, receive, send)
    start = next(message for message in said if message["type"] == "http.response.start")
    body = b"".join(message["body"] for message in said if message["type"] == "http.response.body")
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body


def get(address: str) -> tuple[int, dict[str, str], bytes]:
    return asyncio.run(fetch(address))


def test_file_is_built_when_asked_for_and_keeps_its_address() -> None:
    session, counts = Downloads(), itertools.count(1)
    address = session.offer("letters", LETTERS._replace(build=lambda: b"abc"[: next(counts)]))
    for letters in (b"a", b"ab"):
        status, headers, body = get(address)
        assert (status, body) == (200, letters)
        assert headers["content-type"].startswith("text/plain")
        assert headers["content-disposition"] == "attachment; filename*=utf-8''f%C3%BCr%20mich.txt"
        assert headers["cache-control"] == "no-store"
    assert session.offer("letters", LETTERS._replace(build=lambda: b"abcd")) == address
    assert get(address)[2] == b"abcd"


def test_files_of_another_session_or_of_none_are_not_there() -> None:
    one, other = Downloads(), Downloads()
    address = one.offer("letters", LETTERS)
    assert other.offer("letters", LETTERS) != address
    assert get(address)[0] == 200
    assert get(address.replace("letters", "numbers"))[::2] == (404, GONE.encode())
    del one
    gc.collect()
    assert get(address)[::2] == (404, GONE.encode())


def test_file_that_cannot_be_built_says_why() -> None:
    def fail() -> bytes:
        raise ValueError("There is nothing to take away.")

    session = Downloads()
    address = session.offer("letters", LETTERS._replace(build=fail))
    for _ in range(2):
        assert get(address)[::2] == (409, b"There is nothing to take away.")


def test_file_that_cannot_be_read_does_not_say_where_it_would_be(tmp_path: Path) -> None:
    session = Downloads()
    address = session.offer("letters", LETTERS._replace(build=(tmp_path / "letters").read_bytes))
    assert get(address)[::2] == (409, b"This file cannot be read (No such file or directory): load the page again.")


def test_files_of_a_session_are_made_in_turn_and_a_few_may_wait() -> None:
    begun, may_end, at_once, most_at_once = threading.Event(), threading.Event(), 0, 0

    def slowly() -> bytes:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(at_once, most_at_once)
        begun.set()
        assert may_end.wait(60)
        at_once -= 1
        return b"abc"

    session, other = Downloads(), Downloads()
    address = session.offer("letters", LETTERS._replace(build=slowly))
    of_other = other.offer("letters", LETTERS)

    async def several() -> None:
        asked = [asyncio.create_task(fetch(address)) for _ in range(MOST_ASKED)]
        await asyncio.to_thread(begun.wait, 60)
        assert (await fetch(address))[::2] == (503, BUSY.encode())
        assert (await fetch(of_other))[0] == 200
        may_end.set()
        assert [(await each)[::2] for each in asked] == MOST_ASKED * [(200, b"abc")]

    asyncio.run(several())
    assert most_at_once == 1
    assert get(address)[0] == 200
