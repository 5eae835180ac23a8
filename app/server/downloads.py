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
BUSY = "The last file is still being made: try again in a moment."


class File(NamedTuple):
    """A file that can be taken away."""

    name: str
    kind: str
    """Its media type."""
    build: Callable[[], bytes]
    """Makes its content, in a thread of its own; a ValueError or OSError says why it cannot."""


class Downloads:
    """The files that one session offers. They are gone when the session forgets this object."""

    _all: ClassVar[weakref.WeakValueDictionary[str, Downloads]] = weakref.WeakValueDictionary()

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(16)
        """Nobody else can guess where the files are."""
        self._files: dict[str, File] = {}
        self._is_building = False
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
        """The file that was asked for. One session gets one at a time."""
        downloads = cls._all.get(request.path_params["token"])
        file = None if downloads is None else downloads._files.get(request.path_params["key"])
        if downloads is None or file is None:
            return PlainTextResponse(GONE, 404)
        if downloads._is_building:
            return PlainTextResponse(BUSY, 503, {"Retry-After": "2"})
        downloads._is_building = True
        try:
            content = await asyncio.to_thread(file.build)
        except (ValueError, OSError) as error:
            return PlainTextResponse(str(error), 409)
        finally:
            downloads._is_building = False
        name = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(file.name)}", "Cache-Control": "no-store"}
        return Response(content, media_type=file.kind, headers=name)


def download_route() -> Route:
    """Where the server gives the files out."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return Route(f"{f'/{base}' if base else ''}/download/{{token}}/{{key}}", Downloads.answer)
