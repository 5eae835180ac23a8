"""The browser that tests and measurements drive."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
# Tabs come and go with every test: one process for all of them keeps what it has read and compiled.
ONE_PROCESS = ["--renderer-process-limit=1", "--in-process-gpu"]


def chromium(playwright: Playwright) -> Browser:
    """Starts Chromium; each of its windows knows nothing of the others."""
    return playwright.chromium.launch(executable_path=_program(), args=ARGUMENTS)


def chromium_window(playwright: Playwright, profile: Path) -> BrowserContext:
    """Starts Chromium with a folder in which it keeps what it has loaded and compiled: pages after the first are quick.

    The window is as wide as a laptop's, and takes the mouse and fingers. Nothing moves in it.
    """
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=_program(),
        args=[*ARGUMENTS, *ONE_PROCESS],
        viewport={"width": 1440, "height": 900},
        color_scheme="light",
        reduced_motion="reduce",
        has_touch=True,
    )


def _program() -> str | None:
    """The system's Chromium; without one, Playwright takes the one that it downloaded."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)
