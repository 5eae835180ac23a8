"""The app below a path: by its own setting, and behind a proxy that takes the path away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DrawPage, see
from tests.servers import started_server
from tests.stripping_proxy import stripping_proxy

PATH = "/class/one"


@pytest.fixture(params=["its own setting", "a proxy"])
def below(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of the app below a path."""
    if request.param == "a proxy":
        address = request.getfixturevalue("server")
        with stripping_proxy(PATH, int(address.rpartition(":")[2])) as port:
            yield f"http://127.0.0.1:{port}{PATH}"
    else:
        flags = ["--server.headless=true", f"--server.baseUrlPath={PATH}"]
        with started_server(tmp_path, arguments=flags) as server:
            yield f"{server.address}{PATH}"
        assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_visitor_draws_moves_between_pages_and_comes_back(page: Page, below: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    draw_page = DrawPage(page, below)
    draw_page.open()
    draw_page.draw(7)
    draw_page.expect_answer(7)
    page.get_by_role("link", name="Train").click()
    see(page.locator(".st-key-start_training button"), seconds=60)
    expect(page).to_have_url(re.compile(f"{re.escape(below)}/train"))
    page.reload()
    see(page.locator(".learning"), seconds=60)
    page.goto(f"{below}/draw?sample=17")
    draw_page.expect_answer(7)
    # Each of our own modules is asked for below the path, once a page.
    ours = [url for url in asked if "/parts/" in url]
    assert {Path(url).suffix for url in ours} == {".js", ".css"}
    assert [url for url in ours if not url.startswith(f"{below}/parts/")] == []
