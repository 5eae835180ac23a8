"""Files that never change, answered from memory."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from app.server.files import GONE, Files, accepts_gzip, files_in

SCRIPT, FONT = "export default 7;" * 100, b"wOF2" * 100


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A script, a style sheet and a font below /kept, and an app behind them that answers everything."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.js").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "deep" / "two.css").write_text("a {}", encoding="utf-8")
    (tmp_path / "three.woff2").write_bytes(FONT)
    (tmp_path / "notes.txt").write_text("not for browsers", encoding="utf-8")
    return Files(PlainTextResponse("the app"), files_in(tmp_path, "/kept"), alone="/kept/deep/")


def ask(
    files: Files, path: str, *, method: str = "GET", accepts: str = "gzip, br", status: int = 200
) -> tuple[dict[str, str], bytes]:
    """Headers and content of an answer of this status."""
    answered: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        answered.append(message)

    headers = [(b"accept-encoding", accepts.encode())]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": headers}
    asyncio.run(files(scope, receive, send))
    start, *rest = answered
    assert start["status"] == status
    content = b"".join(message.get("body", b"") for message in rest)
    return {name.decode(): value.decode() for name, value in start["headers"]}, content


def test_script_is_compressed_and_kept_for_good(files: Files) -> None:
    headers, content = ask(files, "/kept/one.js")
    assert gzip.decompress(content).decode() == SCRIPT
    assert int(headers["content-length"]) == len(content) < len(SCRIPT)
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == "public, immutable, max-age=31536000"


def test_who_does_not_accept_compressed_content_gets_it_as_it_is(files: Files) -> None:
    ask(files, "/kept/one.js")
    headers, content = ask(files, "/kept/one.js", accepts="identity")
    assert content.decode() == SCRIPT
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    ("header", "accepts"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip ; q=1.0, identity", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("x-gzip", False),
    ],
)
def test_weight_of_an_encoding_counts(header: str, accepts: bool) -> None:
    assert accepts_gzip(header) is accepts


def test_file_of_an_earlier_version_is_not_there(files: Files) -> None:
    headers, content = ask(files, "/kept/deep/earlier.css", status=404)
    assert headers["content-type"].startswith("text/plain")
    assert headers["cache-control"] == "no-store"
    assert content.decode() == GONE


def test_font_is_compressed_by_itself(files: Files) -> None:
    headers, content = ask(files, "/kept/three.woff2")
    assert content == FONT
    assert headers["content-type"] == "font/woff2"
    assert "content-encoding" not in headers


def test_files_lie_in_folders_as_deep_as_they_are(files: Files) -> None:
    headers, content = ask(files, "/kept/deep/two.css")
    assert gzip.decompress(content) == b"a {}"
    assert headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/", "/kept", "/kept/notes.txt", "/kept/../kept/one.js", "/kept/none.js", "/one.js"])
def test_everything_else_is_left_to_the_app(files: Files, path: str) -> None:
    assert ask(files, path)[1] == b"the app"


def test_only_reading_is_answered(files: Files) -> None:
    assert ask(files, "/kept/one.js", method="POST")[1] == b"the app"
