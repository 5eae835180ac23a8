"""What axe-core, the field's automatic accessibility checker, says of every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import violations
from tests.e2e.drawing import DrawPage, at_rest, see
from tests.e2e.windows import each_window

# What stands on the page once it is complete.
PAGES = {
    "train": ".learning",
    "learning?through=yes": ".norms td",
    "drawings": ".ghosts",
    "model": ".gazes",
}


def expect_no_violations(page: Page) -> None:
    """Asks in a wide window, in both themes, and in a phone's."""
    at_rest(page)
    for _ in each_window(page, ("light", 1440), ("dark", 1440), ("light", 390)):
        assert violations(page) == []


@pytest.mark.parametrize("address", PAGES)
def test_page_has_no_violations(page: Page, server: str, address: str) -> None:
    page.goto(f"{server}/{address}")
    see(page.locator(PAGES[address]), seconds=60)
    expect_no_violations(page)


def test_draw_page_has_no_violations_before_a_look_with_one_and_in_a_larger_field(draw_page: DrawPage) -> None:
    page = draw_page.page
    page.goto(draw_page.server)
    see(page.locator(".empty:not(:empty)"), seconds=60)
    expect_no_violations(page)
    page.set_viewport_size({"width": 1440, "height": 844})
    page.locator(".gallery button").first.click()
    draw_page.expect_address("sample=")
    see(page.locator(".answer[role=status]:not(:empty)"))
    expect_no_violations(page)
    page.set_viewport_size({"width": 1440, "height": 844})
    draw_page.choose_model("cluttered-60")
    see(page.locator(".sees", has_text="60×60"))
    see(page.locator(".answer[role=status]:not(:empty)"))
    expect_no_violations(page)
