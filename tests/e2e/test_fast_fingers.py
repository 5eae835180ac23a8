"""Somebody is faster than the server, or does with mouse and fingers what is no drawing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.server.shell import HEADINGS
from tests.e2e.drawing import DrawPage, at_rest, see
from tests.e2e.test_my_drawings import Labelling
from tests.processes import wait_until

Point = tuple[float, float]


def dots(draw_page: DrawPage, count: int) -> int:
    """Draws so many dots, none on another, and returns how many points of the canvas one covers."""
    at_rest(draw_page.page)
    box = draw_page.page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    one = 0
    for index in range(count):
        draw_page.page.mouse.click(box["x"] + 40 + 50 * (index % 5), box["y"] + 40 + 50 * (index // 5))
        if index == 0:
            draw_page.expect_address("picture=")  # the page has answered, and stays as it is
            at_rest(draw_page.page)
            one = draw_page.ink()
    wait_until(lambda: draw_page.ink() == count * one)
    return one


def reload(draw_page: DrawPage, *, ink: int) -> None:
    """Loads the page again, and waits until there is as much ink: however much of it the server has heard by then."""
    draw_page.page.reload()
    wait_until(lambda: draw_page.page.locator("canvas.lower-canvas").count() > 0)
    wait_until(lambda: draw_page.ink() == ink)


def test_undo_takes_back_a_stroke_a_click_however_fast_and_after_a_reload(draw_page: DrawPage) -> None:
    draw_page.open()
    undo = draw_page.page.locator(".tools .undo")
    for strokes, clicks, later in ((3, 2, 0), (25, 5, 2)):
        one = dots(draw_page, strokes)
        undo.click(click_count=clicks)
        left = strokes - clicks
        wait_until(lambda: draw_page.ink() == left * one)  # noqa: B023
        reload(draw_page, ink=left * one)
        undo.click(click_count=later) if later else None
        wait_until(lambda: draw_page.ink() == (left - later) * one)  # noqa: B023
        draw_page.click_in_app("clear")
        draw_page.expect_empty_stage()
    dots(draw_page, 4)
    undo.click(click_count=6)
    draw_page.expect_empty_stage()


def test_drawing_begun_right_after_clearing_stays(draw_page: DrawPage) -> None:
    draw_page.open()
    for digit in (7, 1, 7):
        draw_page.draw(digit)
        draw_page.expect_answer(digit)
        draw_page.click_in_app("clear")
        draw_page.draw(0)
        draw_page.click_in_app("clear")
    draw_page.draw(1)
    draw_page.expect_answer(1)


@pytest.fixture
def touch(page: Page) -> Callable[..., None]:
    """Puts fingers on the canvas, moves or lifts them: a kind of event, and the fingers that are down."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, *points: Point) -> None:
        box = page.locator("canvas.upper-canvas").bounding_box()
        assert box is not None
        down = [{"x": box["x"] + x, "y": box["y"] + y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": down})

    return send


def draw_one(touch: Callable[..., None]) -> None:
    """Draws a 1 with a finger; for 400 ms after one, Fabric takes the mouse to be a browser's copy of it."""
    touch("touchStart", (140, 40))
    for y in range(60, 241, 20):
        touch("touchMove", (140, y))
    touch("touchEnd")


def press_other_buttons(draw_page: DrawPage) -> None:
    """Draws a 7 with the mouse, and presses its other buttons before and meanwhile."""
    box = draw_page.page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    mouse = draw_page.page.mouse
    mouse.click(box["x"] + 50, box["y"] + 200, button="right")
    mouse.click(box["x"] + 50, box["y"] + 200, button="middle")
    mouse.move(box["x"] + 70, box["y"] + 70)
    mouse.down()
    mouse.move(box["x"] + 210, box["y"] + 70, steps=4)
    for button in ("right", "middle"):
        mouse.down(button=button)
        mouse.up(button=button)
    mouse.move(box["x"] + 130, box["y"] + 230, steps=4)
    mouse.up()


def pinch(touch: Callable[..., None], spread: int) -> None:
    """Moves two fingers apart."""
    touch("touchStart", (140, 140))
    touch("touchStart", (140, 140), (180, 180))
    for step in range(0, spread, 10):
        touch("touchMove", (140 - step, 140), (180 + step, 180))
    touch("touchEnd", (140 - spread, 140))
    touch("touchEnd")


def draw_one_with_a_resting_hand(draw_page: DrawPage, touch: Callable[..., None]) -> None:
    """Draws a 1 with a finger; a hand touches the canvas when the stroke is too old to become a pinch."""
    touch("touchStart", (140, 40))
    for y in range(60, 141, 20):
        touch("touchMove", (140, y))
    begun = draw_page.page.evaluate("performance.now()")
    wait_until(lambda: draw_page.page.evaluate("performance.now()") > begun + 300)
    touch("touchStart", (140, 140), (260, 260))
    for y in range(160, 241, 20):
        touch("touchMove", (140, y), (260, 260))
    touch("touchEnd", (140, 240))
    touch("touchEnd")


def test_other_buttons_pinches_and_a_resting_hand_are_no_part_of_a_stroke(
    draw_page: DrawPage, touch: Callable[..., None]
) -> None:
    draw_page.open()
    canvas = draw_page.page.locator("canvas.upper-canvas")
    press_other_buttons(draw_page)
    draw_page.expect_answer(7)
    draw_page.click_in_app("undo")
    draw_page.expect_empty_stage()
    before = canvas.bounding_box()
    for spread in (40, 90):
        pinch(touch, spread)
        draw_page.play_on(20)
        assert draw_page.ink() == 0
    draw_one(touch)
    draw_page.expect_answer(1)
    assert canvas.bounding_box() == before  # fingers draw, and do not scroll
    draw_page.click_in_app("clear")
    draw_page.expect_empty_stage()
    draw_one_with_a_resting_hand(draw_page, touch)
    draw_page.expect_answer(1)


def test_stroke_that_the_system_takes_over_is_none(draw_page: DrawPage, touch: Callable[..., None]) -> None:
    draw_page.open()
    touch("touchStart", (140, 40))
    touch("touchMove", (140, 140))
    touch("touchCancel")
    draw_page.play_on(20)
    assert draw_page.ink() == 0
    draw_one(touch)
    draw_page.expect_answer(1)


def test_drawings_and_classes_without_a_pause_are_all_kept(page: Page, server: str) -> None:
    labelling = Labelling(page, server)
    labelling.open()
    order = (1, 7, 0, 1, 4)
    for digit in order:
        labelling.draw(digit)
        page.keyboard.press(str(digit))
    labelling.draw(6)  # and then one that is not kept yet
    for digit in (7, 0, 4):
        expect(labelling.of(str(digit))).to_have_count(1)
    expect(labelling.of("1")).to_have_count(2)
    assert labelling.ink() > 0
    labelling.classes.nth(6).dblclick()
    expect(labelling.of("6")).to_have_count(1)
    expect(labelling.kept).to_have_count(6)
    expect(page.get_by_text("Kept as 6.")).to_be_visible()


def test_page_left_before_it_was_there_costs_no_setting(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open("?brush=28&first=centre&gaze=sampled&digits=7")
    draw_page.draw(7)
    draw_page.expect_address("picture=")
    for name in ("Train", "My drawings", "Model"):
        page.get_by_role("link", name=name).click()
        see(page.get_by_role("heading", level=1, name=HEADINGS[name.lower().split()[-1]]))
        page.get_by_role("link", name="Draw", exact=True).click()
        draw_page.expect_answer(7)
        draw_page.draw(1, left=0, side=30)
        draw_page.expect_address("brush=28", "first=centre", "gaze=sampled", "digits=7")
        expect(page.get_by_role("slider", name="Brush size")).to_have_attribute("aria-valuetext", "28")
        draw_page.click_in_app("undo")
        draw_page.expect_answer(7)
