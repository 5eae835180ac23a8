"""What a newcomer sees before doing anything, and who decides whether a look plays."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawPage, see
from tests.processes import wait_until

# Notes what the viewer announces, and which glimpses it shows.
WATCH = """() => {
  const viewer = document.querySelector(".st-key-viewer [data-testid=stBidiComponentIsolated]").shadowRoot;
  const note = (part) => {
    const told = [];
    const element = viewer.querySelector(part);
    new MutationObserver(() => told.push(element.textContent)).observe(element, { childList: true });
    return told;
  };
  window.said = { answers: note(".answer"), counts: note(".count") };
}"""
AGAIN = """() => {
  const last = said.counts.indexOf("Glimpse 6 of 6");
  return last >= 0 && said.counts.includes("Glimpse 1 of 6", last);
}"""
SAYS = "An example. Draw your own, and it looks at yours."


@pytest.mark.usefixtures("motion")
def test_example_plays_until_somebody_draws_and_is_not_announced(draw_page: DrawPage) -> None:
    page = draw_page.page
    page.goto(f"{draw_page.server}/?speed=4")
    see(page.locator(".viewer .empty", has_text=SAYS), seconds=60)
    page.evaluate(WATCH)
    wait_until(lambda: page.evaluate(AGAIN))  # and again
    assert page.evaluate("said.answers.join('')") == ""
    draw_page.draw(7)
    draw_page.expect_answer(7)
    page.get_by_role("button", name="Clear").click()
    draw_page.expect_empty_stage()
    assert page.get_by_text(SAYS).count() == 0


def test_example_ends_for_good_with_the_first_click(draw_page: DrawPage) -> None:
    page = draw_page.page
    page.goto(draw_page.server)
    see(page.locator(".viewer .empty", has_text=SAYS), seconds=60)
    page.get_by_role("heading", name="Glimpse Playground").click()
    expect_no_example(draw_page)


def test_example_does_not_move_where_motion_is_reduced_and_ends_with_the_first_key(draw_page: DrawPage) -> None:
    page = draw_page.page
    page.goto(draw_page.server)
    see(page.locator(".viewer .empty", has_text=SAYS), seconds=60)
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")
    picture = page.locator(".viewer .field").screenshot()
    draw_page.play_on(30)
    assert page.locator(".viewer .field").screenshot() == picture
    page.keyboard.press("Tab")
    expect_no_example(draw_page)


def expect_no_example(draw_page: DrawPage) -> None:
    expect(draw_page.page.locator(".viewer .empty")).to_have_text(re.compile("^Draw a digit"))
    expect(draw_page.count).to_have_text("Glimpse")


@pytest.mark.usefixtures("motion")
def test_teacher_starts_paused_and_this_is_remembered(draw_page: DrawPage) -> None:
    draw_page.open("?sample=17&first=centre&play=no&speed=4")
    box = draw_page.page.get_by_label("Play by itself")
    expect(box).not_to_be_checked()
    expect(draw_page.count).to_have_text("Glimpse 1 of 6")
    draw_page.play_on(90)
    expect(draw_page.count).to_have_text("Glimpse 1 of 6")
    assert draw_page.position() == 0
    box.check()
    wait_until(lambda: "play=" not in draw_page.page.evaluate("location.search"))
    draw_page.page.get_by_role("button", name="Look again").click()
    draw_page.expect_answer(7)
    box.uncheck()
    draw_page.expect_address("play=no")
    draw_page.page.reload()
    expect(draw_page.page.get_by_label("Play by itself")).not_to_be_checked(timeout=60_000)
