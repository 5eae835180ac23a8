"""The app inside a page of another address: only where limits.toml names that address."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.drawing import see
from tests.servers import started_server


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server of lessons, and the folder with its pages."""
    folder = tmp_path_factory.mktemp("lessons")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_named", [True, False])
def test_page_of_another_address_shows_the_app_only_if_it_is_named(
    window: BrowserContext, tmp_path: Path, lessons: tuple[str, Path], is_named: bool
) -> None:
    address, folder = lessons
    said: list[str] = []
    with started_server(tmp_path, frames=[address] if is_named else []) as server:
        (folder / "lesson.html").write_text(
            f'<iframe src="{server.address}/?sample=17" style="width: 1400px; height: 900px"></iframe>',
            encoding="utf-8",
        )
        page = window.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}/lesson.html")
        if is_named:
            answer = page.frame_locator("iframe").locator(".answer[role=status]")
            see(answer.filter(has_text="RAM says 7"), seconds=60)
        else:
            page.wait_for_load_state("networkidle")
            assert page.frame_locator("iframe").locator("#root").count() == 0
        page.close()
    assert any("frame-ancestors" in text for text in said) == (not is_named), said
