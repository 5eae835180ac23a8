"""Files to take away, each built when it is asked for, at an address that stays while the page is drawn anew.

Streamlit's own download buttons offer a file at an address that the next rerun replaces: a click that comes meanwhile
finds nothing.
"""

from __future__ import annotations

import asyncio
import secrets
import weakref
from collections.abc import Callable
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config

GONE = "This file is no longer there: load the page again."
UNREADABLE = "This file cannot be read ({}): load the page again."
BUSY = "The last files are still being made: try again in a moment."
MOST_ASKED = 4  # of a session's files at a time: one is being made, the others wait for it


class File(NamedTuple):
    """A file that can be taken away."""

    name: str
    kind: str
    """Its media type."""
    build: Callable[[], bytes]
    """Makes its content, in a thread of its own; a ValueError says why it cannot, for the visitor to read."""


class Downloads:
    """The files that one session offers. They are gone when the session forgets this object."""

    _all: ClassVar[weakref.WeakValueDictionary[str, Downloads]] = weakref.WeakValueDictionary()

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(16)
        """Nobody else can guess where the files are."""
        self._files: dict[str, File] = {}
        self._asked = 0
        self._turn = asyncio.Lock()
        self._all[self._token] = self

    def offer(self, key: str, file: File) -> str:
        """Offers a file, in place of the one that had the key.

        Returns:
            Its address, for links on every page of the app.
        """
        self._files[key] = file
        return f"download/{self._token}/{key}"

    @classmethod
    async def answer(cls, request: Request) -> Response:
        """The file that was asked for. One session's files are made one after the other."""
        downloads = cls._all.get(request.path_params["token"])
        file = None if downloads is None else downloads._files.get(request.path_params["key"])
        if downloads is None or file is None:
            return PlainTextResponse(GONE, 404)
        if downloads._asked >= MOST_ASKED:
            return PlainTextResponse(BUSY, 503, {"Retry-After": "2"})
        downloads._asked += 1
        try:
            async with downloads._turn:
                content = await asyncio.to_thread(file.build)
        except ValueError as error:
            return PlainTextResponse(str(error), 409)
        except OSError as error:  # whose message names the server's folders
            return PlainTextResponse(UNREADABLE.format(error.strerror or "unknown reason"), 409)
        finally:
            downloads._asked -= 1
        name = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(file.name)}", "Cache-Control": "no-store"}
        return Response(content, media_type=file.kind, headers=name)


def download_route() -> Route:
    """Where the server gives the files out."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return Route(f"{f'/{base}' if base else ''}/download/{{token}}/{{key}}", Downloads.answer)
