"""A real server and a real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from ram.training.run_folder import RunFolder
from tests.e2e.drawing import Desk

ROOT = Path(__file__).resolve().parents[2]
expect.set_options(timeout=15_000)  # where something else keeps the machine busy, a rerun takes seconds


@contextlib.contextmanager
def running_app(folder: Path, script: str = "app/main.py") -> Iterator[str]:
    """The address of an app on a server of its own, with its runs in `folder`; its log must end without a traceback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, limits = folder / "log", folder / "limits.toml"
    lines = ["largest_model = 500_000", "longest_run = 10", "most_runs = 20", "longest_queue = 3", "disk = 500"]
    limits.write_text("\n".join([f'runs = "{folder / "runs"}"', *lines]))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, f"--server.port={port}", "--server.address=127.0.0.1"],
            cwd=ROOT,
            env={**os.environ, "GLIMPSE_LIMITS": str(limits)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app that most tests share."""
    folder = tmp_path_factory.mktemp("server")
    with running_app(folder) as address:
        yield address
    end_runs(folder)


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[str]:
    """The address of an app that nobody has visited yet, and that waits for that to load PyTorch."""
    with running_app(tmp_path, "app/frame.py") as address:
        yield address


def end_runs(folder: Path) -> None:
    """Ends what still trains: runs outlive their server."""
    for path in (folder / "runs").glob("*/"):
        if holder := RunFolder(path).holder():
            os.kill(holder, signal.SIGKILL)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {address}")


def chromium(playwright: Playwright) -> Browser:
    """The system's Chromium, or else the one that Playwright downloaded."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new window; whatever the test does, no script may fail in it and no traceback may show.

    Nothing moves in it, unless the test asks for `motion`: animations take longer than all else in most tests.
    """
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce", has_touch=True
    )
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert page.locator(".stException").count() == 0
    assert failures == []
    context.close()


@pytest.fixture
def motion(page: Page) -> None:
    """Lets animations play."""
    page.emulate_media(reduced_motion="no-preference")


@pytest.fixture
def desk(page: Page, server: str) -> Desk:
    """The Draw page, still to be opened."""
    return Desk(page, server)
