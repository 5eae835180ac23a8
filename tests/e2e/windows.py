"""Windows of several sizes and themes; a page that is open follows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Page

from tests.processes import wait_until

Scheme = Literal["light", "dark"]
THEME = "() => getComputedStyle(document.querySelector('.stApp')).colorScheme"


def resize(page: Page, scheme: Scheme, width: int) -> None:
    """Gives the window a width, and the system a colour scheme."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})


def each_window(page: Page, *windows: tuple[Scheme, int]) -> Iterator[None]:
    """Shows the app in one window after another, each as soon as the app has taken its colours."""
    for scheme, width in windows:
        resize(page, scheme, width)
        _wait_for(page, scheme)
        yield


def _wait_for(page: Page, scheme: Scheme) -> None:
    wait_until(lambda: page.evaluate(THEME) == scheme)
