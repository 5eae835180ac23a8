"""A real server and a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium_window
from tests.e2e.drawing import MISREAD, DrawPage, see
from tests.processes import end_runs
from tests.servers import started_server

expect.set_options(timeout=30_000)  # where something else keeps the machine busy, a rerun takes seconds


@contextlib.contextmanager
def running_app(
    folder: Path, script: str = "app/main.py", environment: Mapping[str, str | None] | None = None
) -> Iterator[str]:
    """The address of an app on a server of its own, with its runs in `folder`; its log must end without a traceback."""
    limits: dict[str, Any] = {"largest_model": 500_000, "longest_run": 10, "most_runs": 20, "longest_queue": 3}
    with started_server(folder, script, environment=environment, disk=500, **limits) as server:
        yield server.address
    log = (folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app that most tests share."""
    folder = tmp_path_factory.mktemp("server")
    with running_app(folder) as address:
        yield address
    end_runs(folder / "runs")


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[str]:
    """The address of an app that nobody has visited yet, and that waits for that to load PyTorch."""
    with running_app(tmp_path, "tests/e2e/cold_main.py") as address:
        yield address


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """The browser's window that all tests share, and with it what the browser has loaded."""
    with sync_playwright() as playwright:
        window = chromium_window(playwright, tmp_path_factory.mktemp("browser"))
        yield window
        window.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A new tab; whatever the test does, no script may fail in it, no traceback show, and no request leave the server.

    The browser says where the server's headers have it refuse something.

    Nothing moves in it, unless the test asks for `motion`: animations take longer than all else in most tests.
    """
    page = window.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda said: failures.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda request: failures.append(request.url) if not is_local(request.url) else None)
    yield page
    exceptions = page.locator(".stException").count()
    for tab in window.pages[1:]:  # without its last tab, the browser would end
        tab.close()
    window.clear_cookies()
    assert exceptions == 0
    assert failures == []


def is_local(url: str) -> bool:
    """Whether an address stands for something in the browser itself, or on this machine."""
    return url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:"))


@pytest.fixture
def motion(page: Page) -> None:
    """Lets animations play."""
    page.emulate_media(reduced_motion="no-preference")


@pytest.fixture
def draw_page(page: Page, server: str) -> DrawPage:
    """The Draw page, still to be opened."""
    return DrawPage(page, server)


@pytest.fixture
def looked(draw_page: DrawPage) -> DrawPage:
    """The Draw page with a four that has been looked at to the end, and read as a nine."""
    draw_page.open(MISREAD)
    see(draw_page.answer.filter(has_text="RAM says 9"))
    return draw_page
