"""Files that never change, answered from memory: scripts, styles and fonts, Streamlit's and our own.

A visitor's first page asks for about a hundred. Streamlit reads each of its own anew, in other threads, and sends it
as long as it is. Their addresses name their version, so that no browser asks twice.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_COMPRESSED = {".woff2"}  # by themselves
GONE = "This file is not there, or no longer: please load the page again."


class Files:
    """Answers requests for files that never change, and leaves all others to the app behind it.

    Args:
        app: whatever else there is.
        files: where the files are, by their addresses' paths. Their endings are among `TYPES`.
        alone: where there are only such files: what is not there, as those of an earlier version, is answered with 404.
    """

    def __init__(self, app: ASGIApp, files: Mapping[str, Path], alone: str | None = None) -> None:
        self._app = app
        self._files = files
        self._alone = alone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        file = self._files.get(scope["path"]) if asks else None
        if file is not None:
            accepts = accepts_gzip(Headers(scope=scope).get("accept-encoding", ""))
            await _answer(file, accepts and file.suffix not in _COMPRESSED)(scope, receive, send)
        elif asks and self._alone is not None and scope["path"].startswith(self._alone):
            await PlainTextResponse(GONE, 404, {"Cache-Control": "no-store"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, or anything, with another weight than 0."""
    weights: dict[str, str] = dict(re.findall(r"([^\s,;]+)\s*(?:;\s*q=([\d.]+))?", accepted.lower()))
    weight = weights.get("gzip", weights.get("*", "0"))
    return weight.strip("0.") != "" or weight == ""


def files_in(folder: Path, address: str) -> dict[str, Path]:
    """The files in a folder and the folders in it, by their paths below an address."""
    found = (file for file in folder.rglob("*") if file.suffix in TYPES)
    return {f"{address}/{file.relative_to(folder).as_posix()}": file for file in found}


@functools.cache
def _answer(file: Path, compressed: bool) -> Response:
    content = file.read_bytes()
    headers = {"Cache-Control": "public, immutable, max-age=31536000", "Vary": "Accept-Encoding"}
    if compressed:
        content, headers = gzip.compress(content, 6), {**headers, "Content-Encoding": "gzip"}
    return Response(content, headers=headers, media_type=TYPES[file.suffix])
