"""What axe-core, the field's automatic accessibility checker, says of every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import violations
from tests.e2e.drawing import at_rest, see
from tests.e2e.windows import each_window

# What stands on the page once it is complete.
PAGES = {
    "": ".empty:not(:empty)",
    "?sample=7": ".answer[role=status]:not(:empty)",
    "?sample=7&model=cluttered-60": ".answer[role=status]:not(:empty)",
    "train": ".learning",
    "learning?through=yes": ".norms td",
    "drawings": ".ghosts",
    "model": ".gazes",
}


@pytest.mark.parametrize("address", PAGES)
def test_page_has_no_violations(page: Page, server: str, address: str) -> None:
    page.goto(f"{server}/{address}")
    see(page.locator(PAGES[address]), seconds=60)
    at_rest(page)
    for _ in each_window(page, ("light", 1440), ("dark", 1440), ("light", 390)):
        assert violations(page) == []
