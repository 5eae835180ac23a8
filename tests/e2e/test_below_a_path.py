"""The app below a path: by its own setting, and behind a proxy that takes the path away."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DrawPage, see
from tests.servers import started_server
from tests.stripping_proxy import stripping_proxy

PATH = "/class/one"


@pytest.fixture(scope="module", params=["its own setting", "a proxy"])
def below(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app below a path."""
    folder = tmp_path_factory.mktemp("below")
    has_proxy = request.param == "a proxy"
    flags = ["--server.headless=true", *([] if has_proxy else [f"--server.baseUrlPath={PATH}"])]
    with started_server(folder, arguments=flags) as server, contextlib.ExitStack() as stack:
        port = int(server.address.rpartition(":")[2])
        yield f"http://127.0.0.1:{stack.enter_context(stripping_proxy(PATH, port)) if has_proxy else port}{PATH}"
    assert "Traceback" not in (folder / "log").read_text(encoding="utf-8")


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
    scripts = [url for url in asked if "bidi-components" in url and url.endswith(".js")]
    assert scripts
    assert [url for url in scripts if not url.startswith(f"{below}/_stcore/")] == []
