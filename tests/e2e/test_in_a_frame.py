"""The app inside a page of another address: only where limits.toml names that address."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.e2e.drawing import see
from tests.processes import wait_until
from tests.servers import started_server


@contextlib.contextmanager
def lessons(folder: Path) -> Iterator[str]:
    """The address of a server of the lessons in a folder."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_page_of_another_address_shows_the_app_only_if_it_is_named(window: BrowserContext, tmp_path: Path) -> None:
    with (
        lessons(tmp_path) as ours,
        lessons(tmp_path) as others,
        started_server(tmp_path, frames=[ours]) as server,
    ):
        (tmp_path / "lesson.html").write_text(
            f'<iframe src="{server.address}/?sample=17" style="width: 1400px; height: 900px"></iframe>',
            encoding="utf-8",
        )
        page = window.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        frame = page.frame_locator("iframe")
        page.goto(f"{ours}/lesson.html")
        see(frame.locator(".answer[role=status]").filter(has_text="RAM says 7"), seconds=60)
        assert not any("frame-ancestors" in text for text in said), said
        page.goto(f"{others}/lesson.html")
        wait_until(lambda: page.evaluate("true") and any("frame-ancestors" in text for text in said))
        page.wait_for_load_state("networkidle")
        assert frame.locator("#root").count() == 0
        page.close()
