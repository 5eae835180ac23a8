"""A person draws digits with the mouse and sees the model look."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DIGITS, DrawPage, see
from tests.e2e.windows import each_window
from tests.processes import wait_until

MOVES = """() => {
  const root = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((r) => r?.querySelector('.scrub'));
  const seen = (window.seen ??= { positions: new Set(), pictures: new Set() });
  seen.positions.add(root.querySelector('.scrub').value);
  if (seen.pictures.size < 2) seen.pictures.add(root.querySelector('.field').toDataURL());
  return seen.positions.size > 6 && seen.pictures.size > 1;
}"""  # more positions than there are glimpses: it is between them, too


def test_every_drawn_digit_is_read_and_a_small_one_in_a_corner(draw_page: DrawPage) -> None:
    draw_page.open()
    for digit in DIGITS:
        draw_page.draw(digit)
        draw_page.expect_answer(digit)
        draw_page.click_in_app("clear")
        draw_page.expect_empty_stage()
    draw_page.draw(3, left=190, top=180, side=85)
    draw_page.expect_answer(3)


@pytest.mark.usefixtures("motion")
def test_animation_starts_by_itself_and_moves_between_glimpses(draw_page: DrawPage) -> None:
    draw_page.open()
    draw_page.draw(7)
    expect(draw_page.page.locator(".viewer .play")).to_have_attribute("aria-label", "Pause")
    wait_until(lambda: draw_page.page.evaluate(MOVES))
    draw_page.expect_answer(7)
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")


@pytest.mark.usefixtures("motion")
def test_unrelated_rerun_does_not_restart_the_animation(draw_page: DrawPage) -> None:
    draw_page.open("?speed=0.25")
    draw_page.draw(7)
    expect(draw_page.count).to_have_text("Glimpse 2 of 6", timeout=15_000)
    before = draw_page.position()
    gallery = draw_page.page.locator(".gallery button").first
    shown = gallery.get_attribute("title")
    draw_page.page.get_by_role("button", name="Others").click()
    expect(gallery).not_to_have_attribute("title", shown or "")
    assert draw_page.position() >= before


def test_undo_and_clear_take_strokes_back(draw_page: DrawPage) -> None:
    draw_page.open()
    files = draw_page.page.get_by_role("button", name="JSON")  # there is something to take away
    assert not files.is_visible()
    draw_page.draw(1)
    draw_page.expect_answer(1)
    see(files)
    draw_page.draw(0)
    expect(draw_page.answer).not_to_contain_text("RAM says 1")
    draw_page.click_in_app("undo")
    draw_page.expect_answer(1)
    draw_page.click_in_app("clear")
    draw_page.expect_empty_stage()
    expect(files).to_be_hidden()
    draw_page.draw(7)
    draw_page.expect_answer(7)
    draw_page.click_in_app("clear")
    draw_page.expect_empty_stage()


def test_drawing_survives_page_switch_and_reload(draw_page: DrawPage) -> None:
    draw_page.open()
    draw_page.draw(7)
    draw_page.expect_answer(7)
    draw_page.page.get_by_role("link", name="Model").click()
    expect(draw_page.page.get_by_text("Architecture")).to_be_visible()
    draw_page.page.get_by_role("link", name="Draw", exact=True).click()
    draw_page.expect_answer(7)
    draw_page.page.reload()
    draw_page.expect_answer(7)
    # The strokes are back too: one more makes another drawing of them.
    address = draw_page.page.url
    draw_page.draw(1, left=0, side=40)
    expect(draw_page.page).not_to_have_url(address)
    draw_page.click_in_app("undo")
    draw_page.expect_answer(7)


def test_touch_draws_without_scrolling_the_page(draw_page: DrawPage) -> None:
    draw_page.open()
    canvas = draw_page.page.locator("canvas.upper-canvas")
    box = canvas.bounding_box()
    assert box is not None
    session = draw_page.page.context.new_cdp_session(draw_page.page)
    path = [(box["x"] + 140, box["y"] + 40 + 20 * step) for step in range(11)]
    for index, (x, y) in enumerate(path):
        kind = "touchStart" if index == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    draw_page.expect_answer(1)
    assert canvas.bounding_box() == box


def test_two_tabs_do_not_disturb_each_other(draw_page: DrawPage) -> None:
    draw_page.open()
    other = DrawPage(draw_page.page.context.new_page(), draw_page.server)
    other.open()
    draw_page.page.bring_to_front()
    draw_page.draw(7)
    draw_page.expect_answer(7)
    other.page.bring_to_front()
    other.expect_empty_stage()
    other.draw(1)
    other.expect_answer(1)
    draw_page.page.bring_to_front()
    draw_page.expect_answer(7)


def test_page_fits_its_window(draw_page: DrawPage) -> None:
    draw_page.open()
    for _ in each_window(draw_page.page, ("dark", 1440), ("light", 1024), ("dark", 390)):
        draw_page.draw(7)
        draw_page.expect_answer(7)
        assert draw_page.page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0
        draw_page.click_in_app("clear")
        draw_page.expect_empty_stage()


def test_first_visitor_sees_the_page_before_the_model_is_awake(page: Page, cold_server: str) -> None:
    page.goto(cold_server)
    expect(page.get_by_text("Waking the model")).to_be_visible()
    expect(page.get_by_role("heading", name="Glimpse Playground")).to_be_visible()
    expect(page.locator(".viewer")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Waking the model")).to_have_count(0)
