"""Who may come in, how many at a time, and what browsers are told to refuse on the pages' behalf.

Everything that reaches the server passes here before Streamlit sees it (ASGI, https://asgi.readthedocs.io).
"""

from __future__ import annotations

import asyncio
import base64
import collections
import hashlib
import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from app.server import allowance

FULL = "This server is full: try again in a few minutes."
LOOK_AGAIN = "This server is full. The page looks again every half minute."
CROWD = "Too many visitors have come from your address: try again in a few minutes."
FOREIGN = "This server does not know itself as {!r}. Whoever runs it can add the name to hosts in limits.toml."
STRANGER = "Pages of other addresses may not use this server."
MANY_FILES = "Too many files are on their way to this server: try again in a moment."
SLOW_FILE = "The file took too long to arrive: try again over a faster connection."
A_FILE_S, A_BYTE_S = 0.0015, 3e-9  # of a core that taking a file costs, and each of its bytes
LONGEST_NAME = 100  # characters of a foreign name that are repeated

NOTICE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Glimpse Playground</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="30">
<style>html {{ color-scheme: light dark; background: light-dark(#ffffff, #12141c); color: light-dark(#12141c, #eceef6);
font-family: system-ui, sans-serif; }} main {{ max-width: 32rem; margin: 20vh auto 0; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; letter-spacing: -0.02em; }} p {{ line-height: 1.5; }}</style>
<main><h1>Glimpse Playground</h1><p>{}</p></main></html>"""


class Door:
    """Refuses foreign names, pages of strangers, and more than the server carries, each with one sentence.

    Args:
        app: Streamlit's server.
        visitors: how many sessions there may be at a time; half of them from one address, unless it is this machine's.
        hosts: names of this server beside those that it knows by itself.
        frames: origins of pages that may show the app in a frame.
        scripts: the scripts that stand in the pages themselves.
        arriving: how many files may be on their way at a time; a quarter of them for one session.
        arrival_s: how many seconds a file may take.
        kept: how many files Streamlit keeps. The app reads each at once.
        knows: whether there is a session of that name.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        visitors: int,
        hosts: Iterable[str] = (),
        frames: Iterable[str] = (),
        scripts: Iterable[str] = (),
        arriving: int = 16,
        arrival_s: float = 60.0,
        kept: int = 32,
        knows: Callable[[str], bool] | None = None,
    ) -> None:
        self._app = app
        self._visitors = visitors
        self._inside: collections.Counter[str] = collections.Counter()
        """Sessions, by the address that they come from."""
        self._hosts = {*own_names(), *(host.lower() for host in hosts)}
        self._headers = security_headers(scripts, frames)
        self._most_arriving = arriving
        self._arrival_s = arrival_s
        self._arriving: collections.Counter[str] = collections.Counter()
        self._kept: collections.deque[tuple[str, str]] = collections.deque()
        self._most_kept = kept
        self._knows = knows or _is_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request or a session in, or refuses it."""
        match scope["type"]:
            case "http":
                await self._request(scope, receive, self._with_headers(send))
            case "websocket":
                await self._session(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if refusal := self._refusal(headers):
            await refusal(scope, receive, send)
        elif "text/html" in headers.get("accept", "") and (self._is_full() or self._is_crowd(_address(scope))):
            # A new visitor, or one who reloads.
            page = NOTICE.format(LOOK_AGAIN)
            await HTMLResponse(page, 503, {"Retry-After": "30", "Cache-Control": "no-store"})(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._upload(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(Headers(scope=scope))
        visitor = _address(scope)
        if refusal is None and (self._is_full() or self._is_crowd(visitor)):
            refusal = PlainTextResponse(FULL if self._is_full() else CROWD, 503)
        if refusal is not None:
            await WebSocket(scope, receive, send).send_denial_response(refusal)
            return
        self._inside[visitor] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= collections.Counter({visitor: 1})  # which forgets an address without any

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes a file, whether or not a widget has asked for it: Streamlit does not check that.

        It costs its session what it costs the server: who sends one after the other waits.
        """
        folder, _, file = scope["path"].rpartition("/")
        session = folder.rpartition("/")[2]
        if not self._knows(session):  # Streamlit refuses it before it reads any of it: it takes no place
            await self._app(scope, receive, send)
            return
        if self._arriving.total() >= self._most_arriving or self._arriving[session] >= self._most_arriving // 4:
            await PlainTextResponse(MANY_FILES, 503, {"Retry-After": "5"})(scope, receive, send)
            return
        answers: list[int] = []
        arrived = 0  # bytes; none if Streamlit refuses it at once

        async def arriving() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            answers.append(message.get("status", 0))
            await send(message)

        self._arriving[session] += 1
        try:
            async with asyncio.timeout(self._arrival_s):
                await asyncio.sleep(allowance.wait_of(session))
                await self._app(scope, arriving, answer)
        except TimeoutError:
            if not answers:
                await PlainTextResponse(SLOW_FILE, 408, {"Connection": "close"})(scope, receive, send)
        except ClientDisconnect:
            pass  # whoever sent it has left: there is nobody to answer, and nothing wrong with the server
        finally:
            self._arriving -= collections.Counter({session: 1})  # which forgets a session without any
            if arrived:
                allowance.charge(session, A_FILE_S + arrived * A_BYTE_S)
        if 204 in answers:
            self._keep(session, file)

    def _keep(self, session: str, file: str) -> None:
        """Lets Streamlit forget the oldest file that it keeps, if there are too many."""
        self._kept.append((session, file))
        if len(self._kept) > self._most_kept:
            oldest_session, oldest = self._kept.popleft()
            if isinstance(manager := runtime.get_instance().uploaded_file_mgr, MemoryUploadedFileManager):
                manager.remove_file(session_id=oldest_session, file_id=oldest)

    def _is_full(self) -> bool:
        return self._inside.total() >= self._visitors

    def _is_crowd(self, visitor: str) -> bool:
        """Whether one address takes more than its share; a proxy on this machine stands for many."""
        return self._inside[visitor] >= max(1, self._visitors // 2) and not visitor.startswith(("127.", "::1"))

    def _refusal(self, headers: Headers) -> Response | None:
        """Why a request is refused; None if it is not."""
        host, origin = headers.get("host"), headers.get("origin")
        if host is not None and not is_known(host, self._hosts):
            return PlainTextResponse(FOREIGN.format(host[:LONGEST_NAME]), 421)
        # To the letter: in a name of another spelling, Streamlit would ask the internet whether it is ours.
        if origin is not None and (host is None or _host_of(origin) != host):
            return PlainTextResponse(STRANGER, 403)
        return None

    def _with_headers(self, send: Send) -> Send:

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        return answer


def _is_session(name: str) -> bool:
    return not runtime.exists() or runtime.get_instance().is_active_session(name)


def _address(scope: Scope) -> str:
    """Where a request comes from, as far as the server knows."""
    return (scope.get("client") or ("", 0))[0]


def is_known(host: str, names: set[str]) -> bool:
    """Whether a Host header is a number, this machine's own "localhost", or one of the names.

    The owner of a name can let it lead to this machine, so that a page of theirs reads what the app answers. Nobody
    can do so with a number.
    """
    name = re.sub(r":\d{1,5}$", "", host.lower())
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return name in names or name == "localhost" or name.endswith(".localhost")
    return True


def own_names() -> set[str]:
    """The names that this machine has by itself; nobody is asked."""
    name = socket.gethostname().lower()
    brief = name.partition(".")[0]
    return {name, brief, f"{brief}.local"} if brief else set()


def security_headers(scripts: Iterable[str], frames: Iterable[str]) -> dict[str, str]:
    """What browsers are told with every answer: a page loads from this server alone, and talks to nobody else.

    Streamlit writes styles into the page, and hands the scripts of components to the browser as blobs.
    """
    policy = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "blob:", *(f"'sha256-{_digest(script)}'" for script in scripts)],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'", *frames],
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _host_of(origin: str) -> str | None:
    """The host of an origin, as the Host header names it; None where there is none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
