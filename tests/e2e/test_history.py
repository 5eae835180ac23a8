"""What the browser's own buttons Back and Forward do."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.drawing import DrawPage, at_rest, see

ENTRIES = "window.history.length"


def test_back_and_forward_lead_from_page_to_page_as_they_were_left(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open()
    before = page.evaluate(ENTRIES)
    draw_page.draw(1, left=0, side=60)
    draw_page.expect_address("picture=")
    draw_page.click_in_app("clear")
    draw_page.draw(7)
    draw_page.expect_answer(7)
    page.get_by_role("button", name="Look again").click()
    draw_page.expect_address("picture=", "seed=1")
    assert page.evaluate(ENTRIES) == before
    left = page.url

    page.get_by_role("link", name="Train").click()
    see(page.get_by_role("heading", name="Train", exact=True))
    page.wait_for_url(re.compile("/train"), wait_until="commit")
    at_rest(page)
    assert page.evaluate(ENTRIES) == before + 1

    page.go_back()
    draw_page.expect_answer(7)
    expect(page).to_have_url(left)
    page.go_forward()
    see(page.get_by_role("heading", name="Train", exact=True))
    page.go_back()
    draw_page.expect_answer(7)
    expect(page).to_have_url(left)
    assert page.evaluate(ENTRIES) == before + 1
    draw_page.draw(1, left=0, side=60)
    expect(page).not_to_have_url(left)
    page.go_back()  # to where the tab came from, and not to an earlier stroke
    expect(page).to_have_url("about:blank")


def test_setting_made_on_a_later_page_survives_the_next_change_of_pages(draw_page: DrawPage) -> None:
    page = draw_page.page
    page.goto(f"{draw_page.server}/train")
    see(page.get_by_role("heading", name="Train", exact=True), seconds=60)
    page.get_by_role("link", name="Draw", exact=True).click()
    see(page.locator(".viewer .classes li").nth(9))
    page.get_by_role("radio", name="centre").click()
    draw_page.expect_address("first=centre")
    for _ in range(2):
        page.get_by_role("link", name="Train").click()
        see(page.get_by_role("heading", name="Train", exact=True))
        page.get_by_role("link", name="Draw", exact=True).click()
        draw_page.expect_address("first=centre")
        expect(page.get_by_role("radio", name="centre")).to_be_checked()
