"""Who is let in, asked of a real server over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.components import address
from app.server import allowance
from app.server.allowance import AT_ONCE_S, SHARE, Allowances
from app.server.door import A_BYTE_S, A_FILE_S, Door, is_known
from tests.measure.floods import Answer, put, send_nonsense
from tests.measure.visitor import VisitError, Visitor, drawings, visit
from tests.processes import wait_until
from tests.servers import started_server

OURS, LESSONS = "glimpse.school.example", "https://lessons.school.example"
SEATS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a server with three seats."""
    folder = tmp_path_factory.mktemp("door")
    with started_server(folder, most_visitors=SEATS, hosts=[OURS], frames=[LESSONS]) as server:
        yield server.address.removeprefix("http://")
    assert "Traceback" not in (folder / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/train", 200),
        ("/_stcore/health", 200),
        ("/_stcore/host-config", 200),
        ("/favicon.png", 200),
        (f"/{address('viewer.js')}", 200),
        ("/media/nothing", 404),
        ("/_stcore/agent/nothing", 404),
    ],
)
def test_every_answer_tells_browsers_what_to_refuse(server: str, path: str, status: int) -> None:
    answer = Answer(server, path)
    assert answer.status == status
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == f"'self' {LESSONS}"
    assert re.fullmatch(r"'self' blob: 'sha256-[A-Za-z0-9+/]{43}='", policy["script-src"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "host", [OURS, f"{OURS.upper()}:8080", "localhost", "LOCALHOST:1", "192.168.1.20:8501", "[::1]"]
)
def test_own_names_and_numbers_are_answered(server: str, host: str) -> None:
    assert Answer(server, "/train", Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", f"{OURS}.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil", ""],
)
@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/media/x"])
def test_foreign_name_is_refused_in_one_sentence(server: str, host: str, path: str) -> None:
    answer = Answer(server, path, Host=host)
    assert answer.status == 421
    assert answer.text == (
        f"This server does not know itself as {host!r}. Whoever runs it can add the name to hosts in limits.toml."
    )
    assert "content-security-policy" in answer.headers


def test_long_foreign_name_is_not_repeated(server: str) -> None:
    assert len(Answer(server, "/", Host="x" * 20_000).text) < 300


def test_pages_of_strangers_may_not_use_the_server(server: str) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://[", "", f"http://user@{server}"):
        answer = Answer(server, "/_stcore/health", Origin=origin)
        assert (answer.status, answer.text) == (403, "Pages of other addresses may not use this server."), origin
    assert Answer(server, "/_stcore/health", Origin=f"http://{server}").status == 200


async def status_of_session(server: str, **headers: str) -> int:
    """What a server answers to somebody who wants a session."""
    try:
        async with connect(f"ws://{server}/_stcore/stream", additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_sessions_are_for_our_own_pages(server: str) -> None:
    for headers, status in [
        ({}, 101),
        ({"Origin": f"http://{server}"}, 101),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": f"http://{server}".replace("127.0.0.1", "localhost")}, 403),
    ]:
        assert asyncio.run(status_of_session(server, **headers)) == status


def test_full_server_says_so_and_goes_on_for_those_inside(server: str) -> None:
    asyncio.run(fill(server))


async def fill(server: str) -> None:
    stock = drawings(SEATS)
    async with contextlib.AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        for _ in range(SEATS):
            visitors.append(await stack.enter_async_context(visit(f"http://{server}")))
            await visitors[-1].open()
        page = await asyncio.to_thread(Answer, server, "/train", Accept="text/html,*/*")
        assert page.status == 503
        assert "This server is full. The page looks again every half minute." in page.text
        assert page.headers["retry-after"] == "30"
        assert await status_of_session(server) == 503
        for visitor, drawing in zip(visitors, stock, strict=True):
            await visitor.draw(drawing)
        # What those inside still load comes.
        assert (await asyncio.to_thread(Answer, server, "/_stcore/health", Accept="*/*")).status == 200
    await asyncio.to_thread(wait_until, lambda: Answer(server, "/", Accept="text/html").status == 200)


def test_files_that_no_widget_asked_for_do_not_pile_up(server: str) -> None:
    asyncio.run(upload_many(server))


async def upload_many(server: str) -> None:
    async with visit(f"http://{server}") as visitor:
        await visitor.open()
        for number in range(40):
            answer = await asyncio.to_thread(put, server, visitor.session, f"file-{number}", b"x" * 100_000)
            assert answer.status == 204
        kept = await asyncio.to_thread(Answer, server, "/_stcore/metrics?families=cache_memory_bytes")
        (size,) = re.findall(r'UploadedFileManager".* (\d+)', kept.text)
        assert int(size) == 32 * 100_000
        assert (await asyncio.to_thread(put, server, "no session", "file", b"x")).status == 400
        with contextlib.suppress(VisitError):
            await visitor.draw(drawings(1)[0])


@pytest.mark.parametrize(("path", "status"), [("/", 405), ("*", 404), ("nowhere", 404), ("/_stcore/upload_file", 405)])
def test_file_for_no_place_is_refused(server: str, path: str, status: int) -> None:
    assert Answer(server, path, "PUT", b"x").status == status  # whose log must be without a traceback, too


def test_log_stays_small_whatever_somebody_sends(tmp_path: Path) -> None:
    with started_server(tmp_path) as server:
        asyncio.run(send_nonsense(server.address.removeprefix("http://"), times=60))
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert 0 < log.count("Error deserializing back message") < 10  # Streamlit logs each, with a traceback


# ---- a door by itself, in front of a server that waits for all of a file ----


async def takes_all(_scope: object, receive: object, send: object) -> None:
    while (await receive())["more_body"]:  # type: ignore[operator]
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"thanks"})  # type: ignore[operator]


async def upload(door: Door, arrives: asyncio.Event, session: str = "a") -> tuple[int, str]:
    """Sends half a file, and the other half when it `arrives`; returns status and text."""
    sent: list[Message] = []
    halves = iter([True, False])

    async def receive() -> Message:
        if not (more := next(halves)):
            await arrives.wait()
        return {"type": "http.request", "body": b"half", "more_body": more}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": f"/upload/{session}/x", "headers": [(b"host", b"localhost")]}
    await door(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


def test_file_that_does_not_arrive_is_given_up() -> None:
    door = Door(takes_all, visitors=1, arrival_s=0.05)
    status, text = asyncio.run(upload(door, asyncio.Event()))
    assert (status, text) == (408, "The file took too long to arrive: try again over a faster connection.")
    arrived = asyncio.Event()
    arrived.set()
    assert asyncio.run(upload(door, arrived)) == (200, "thanks")


def test_sender_who_leaves_gives_the_place_back_and_is_no_error_of_the_server() -> None:
    sent: list[Message] = []

    async def reads(scope: Scope, receive: Receive, _send: Send) -> None:
        await Request(scope, receive).body()

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    door = Door(reads, visitors=1, arriving=4)  # of which one session may have one
    scope = {"type": "http", "method": "PUT", "path": "/upload/a/x", "headers": [(b"host", b"localhost")]}
    for _ in range(3):
        asyncio.run(door(scope, leave, send))
    assert sent == []


def test_one_session_cannot_take_all_the_places_for_files() -> None:

    async def crowd() -> list[tuple[int, str]]:
        door, arrives = Door(takes_all, visitors=1, arriving=8), asyncio.Event()
        slow = [asyncio.create_task(upload(door, arrives, session)) for session in ("a", "a", "a", "b", "b")]
        await asyncio.sleep(0)
        arrives.set()
        return await asyncio.gather(*slow)

    answers = asyncio.run(crowd())
    assert [status for status, _ in answers] == [200, 200, 503, 200, 200]
    assert answers[2][1] == "Too many files are on their way to this server: try again in a moment."


def test_files_of_no_session_take_no_places() -> None:

    async def crowd() -> list[int]:
        door = Door(takes_all, visitors=1, arriving=4, knows=lambda session: session == "a")
        arrives = asyncio.Event()
        sending = [asyncio.create_task(upload(door, arrives, session)) for session in [*"bcdefgh", "a", "a"]]
        await asyncio.sleep(0)
        arrives.set()
        return [status for status, _ in await asyncio.gather(*sending)]

    assert asyncio.run(crowd()) == [200] * 8 + [503]


def test_files_cost_their_session_what_they_cost_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    now, allowances = time.monotonic(), Allowances()
    monkeypatch.setattr(allowance, "_allowances", allowances)
    for at in (now - 1000, now):
        for session in ("sends", "other"):
            allowances.charge(session, 0, at)
    arrived = asyncio.Event()
    arrived.set()
    door = Door(takes_all, visitors=1, arrival_s=0.5)
    assert asyncio.run(upload(door, arrived, "sends"))[0] == 200
    cost = A_FILE_S + len("halfhalf") * A_BYTE_S
    account = allowances._accounts["sends"]
    assert account.left(account.at) == pytest.approx(AT_ONCE_S - cost, abs=1e-9)
    allowances.charge("sends", AT_ONCE_S + SHARE, time.monotonic())  # a second's wait, and more
    assert asyncio.run(upload(door, arrived, "sends"))[0] == 408
    assert asyncio.run(upload(door, arrived, "other"))[0] == 200


def test_files_of_nobody_open_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "_allowances", Allowances())

    async def refuses(_scope: object, _receive: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"nobody"})

    assert asyncio.run(upload(Door(refuses, visitors=1), asyncio.Event(), "nobody")) == (400, "nobody")
    assert not allowance._allowances._accounts


async def stays(_scope: object, receive: object, send: object) -> None:
    await send({"type": "websocket.accept"})  # type: ignore[operator]
    while (await receive())["type"] != "websocket.disconnect":  # type: ignore[operator]
        pass


async def enter(door: Door, address: str, leaves: asyncio.Event) -> str:
    """Asks for a session and keeps it until it `leaves`; returns the first answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        await leaves.wait()
        return {"type": "websocket.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")], "client": (address, 1)}
    await door({**scope, "extensions": {"websocket.http.response": {}}}, receive, send)
    return " ".join(str(message.get("body", message["type"])) for message in sent)


def test_one_address_cannot_take_all_the_places_for_visitors() -> None:

    async def crowd(*addresses: str) -> list[str]:
        door, leaves = Door(stays, visitors=6), asyncio.Event()
        entering = [asyncio.create_task(enter(door, address, leaves)) for address in addresses]
        await asyncio.sleep(0)
        leaves.set()
        return await asyncio.gather(*entering)

    inside = "websocket.accept"
    answers = asyncio.run(crowd(*["10.0.0.1"] * 4, "10.0.0.2", "10.0.0.2", "10.0.0.3", "10.0.0.4"))
    assert answers[:3] == [inside] * 3
    assert "Too many visitors have come from your address" in answers[3]
    assert answers[4:7] == [inside] * 3
    assert "This server is full" in answers[7]
    assert asyncio.run(crowd(*["127.0.0.1"] * 6)) == [inside] * 6


def test_names_are_told_from_numbers() -> None:
    names = {"here"}
    assert all(is_known(host, names) for host in ("here", "HERE:80", "a.localhost", "10.0.0.1", "[fe80::1]:8501"))
    assert not any(
        is_known(host, names) for host in ("there", "here.there", "10.0.0.1.there", "here:80:80", "localhost.")
    )
