"""A person draws digits with the mouse and sees the model look."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DrawPage, see
from tests.e2e.windows import each_window

# Notes, frame by frame, where the animation is and what the play button would do, and two different pictures.
RECORD = """() => {
  const root = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((r) => r?.querySelector('.scrub'));
  const seen = (window.seen = { positions: new Set(), pictures: new Set(), labels: new Set() });
  const look = () => {
    seen.positions.add(root.querySelector('.scrub').value);
    seen.labels.add(root.querySelector('.play').ariaLabel);
    if (seen.pictures.size < 2) seen.pictures.add(root.querySelector('.field').toDataURL());
    requestAnimationFrame(look);
  };
  look();
}"""


def test_every_drawn_digit_is_read_in_every_window_and_a_small_one_in_a_corner(draw_page: DrawPage) -> None:
    draw_page.open()
    windows = each_window(draw_page.page, ("dark", 1440), ("light", 1024), ("dark", 390))
    for digits, _ in zip(((0, 1, 2, 3), (4, 5, 6), (7, 8, 9)), windows, strict=True):
        for digit in digits:
            draw_page.draw(digit)
            draw_page.expect_answer(digit)
            assert draw_page.page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0
            draw_page.click_in_app("clear")
            draw_page.expect_empty_stage()
    draw_page.draw(3, left=190, top=180, side=85)
    draw_page.expect_answer(3)


def test_undo_and_clear_take_strokes_back(draw_page: DrawPage) -> None:
    draw_page.open()
    files = draw_page.page.get_by_role("link", name="JSON")  # there is something to take away
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


@pytest.mark.usefixtures("motion")
def test_animation_starts_by_itself_and_moves_between_glimpses(draw_page: DrawPage) -> None:
    draw_page.open()
    draw_page.page.evaluate(RECORD)
    draw_page.draw(7)
    draw_page.expect_answer(7)
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")
    positions, pictures, labels = draw_page.page.evaluate("Object.values(seen).map((each) => [...each])")
    assert len(positions) > 6  # more than there are glimpses: it is between them, too
    assert len(pictures) > 1
    assert "Pause" in labels


@pytest.mark.usefixtures("motion")
def test_unrelated_rerun_does_not_restart_the_animation(draw_page: DrawPage) -> None:
    draw_page.open("?speed=0.25")
    draw_page.draw(7)
    expect(draw_page.count).to_have_text("Glimpse 2 of 6")
    before = draw_page.position()
    gallery = draw_page.page.locator(".gallery button").first
    shown = gallery.get_attribute("title")
    draw_page.page.get_by_role("button", name="Others").click()
    expect(gallery).not_to_have_attribute("title", shown or "")
    assert draw_page.position() >= before


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
    # So is one of which the server has not heard when the page is loaded anew, and it is looked at.
    draw_page.open()
    draw_page.page.evaluate("addEventListener('mouseup', () => location.reload())")
    with draw_page.page.expect_navigation():
        draw_page.draw(3)
    draw_page.expect_answer(3)
    draw_page.page.evaluate("addEventListener('click', () => location.reload())")
    with draw_page.page.expect_navigation():
        draw_page.click_in_app("undo")
    draw_page.expect_empty_stage()


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


def test_first_visitor_sees_the_page_before_the_model_is_awake(page: Page, cold_server: str) -> None:
    page.goto(cold_server)
    expect(page.get_by_text("Waking the model")).to_be_visible()
    expect(page.get_by_role("heading", name="Glimpse Playground")).to_be_visible()
    expect(page.locator(".viewer")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Waking the model")).to_have_count(0)
