"""The viewer's controls, with the mouse, the keyboard and without motion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawPage
from tests.processes import wait_until

SAMPLE = "?sample=17&first=centre"  # a seven
PICTURE = "canvas => canvas.toDataURL()"
UNNAMED = """viewer => [...viewer.querySelectorAll('button, input, select, canvas')]
  .filter((e) => !(e.ariaLabel || e.title || e.closest('label')?.textContent.trim()))
  .map((e) => e.className)"""


@pytest.fixture
def looked(draw_page: DrawPage) -> DrawPage:
    """The Draw page with a test digit that has been looked at to the end."""
    draw_page.open(SAMPLE + "&speed=0.25")
    draw_page.expect_answer(7)
    return draw_page


@pytest.mark.usefixtures("motion")
def test_keyboard_steps_jumps_and_plays(draw_page: DrawPage) -> None:
    looked = draw_page
    looked.open(SAMPLE + "&speed=4")
    looked.expect_answer(7)
    looked.page.locator(".viewer").focus()
    press = looked.page.keyboard.press
    press("Home")
    expect(looked.count).to_have_text("Glimpse 1 of 6")
    expect(looked.answer).to_have_text("")
    press("ArrowRight")
    press("ArrowRight")
    expect(looked.count).to_have_text("Glimpse 3 of 6")
    press("ArrowLeft")
    expect(looked.count).to_have_text("Glimpse 2 of 6")
    press("End")
    looked.expect_answer(7)
    assert looked.press_at_once(".play", " ", attribute="aria-label") == ["Pause"]
    looked.expect_answer(7)


def test_controls_have_names_reach_every_glimpse_and_hide_what_is_unseen(looked: DrawPage) -> None:
    assert looked.position() == 5  # reduced motion shows the end at once, however slow it would play
    assert looked.page.locator(".viewer").evaluate(UNNAMED) == []
    looked.page.locator(".viewer .first").click()
    expect(looked.count).to_have_text("Glimpse 1 of 6")
    looked.page.locator(".viewer .forward").click()
    expect(looked.count).to_have_text("Glimpse 2 of 6")
    looked.page.locator(".viewer .back").click()
    expect(looked.count).to_have_text("Glimpse 1 of 6")
    looked.page.locator(".scrub").fill("3.4")
    expect(looked.count).to_have_text("Glimpse 4 of 6")
    looked.page.locator(".viewer .last").click()
    looked.expect_answer(7)
    field = looked.page.locator(".field")
    before = field.evaluate(PICTURE)
    looked.page.locator(".only-seen").check()
    wait_until(lambda: field.evaluate(PICTURE) != before)
    looked.expect_address("seen=only")
    # A click on the digit puts the first glimpse there.
    looked.page.locator(".viewer .first").click()
    expect(looked.page.locator(".viewer .location")).to_have_text("location (0.00, 0.00)")
    box = looked.page.locator(".field").bounding_box()
    assert box is not None
    # With 28 pixels and 4.5 of margin on either side, this is where (-0.5, -0.5) lies.
    shift = (4.5 + 28 / 4) / 37
    looked.page.mouse.click(box["x"] + shift * box["width"], box["y"] + shift * box["height"])
    looked.expect_address("first=place", "x=-0.", "y=-0.")
    looked.expect_answer(7)
    looked.page.locator(".viewer .first").click()
    # A click lands on a whole pixel of the screen, which is a hundredth of the image or so.
    expect(looked.page.locator(".viewer .location")).to_have_text(re.compile(r"\(−0\.(49|50|51), −0\.(49|50|51)\)"))


@pytest.mark.usefixtures("motion")
def test_pause_holds_the_animation(draw_page: DrawPage) -> None:
    draw_page.open(SAMPLE + "&speed=0.5")
    expect(draw_page.count).to_have_text("Glimpse 2 of 6")
    draw_page.page.locator(".viewer .play").click()
    held = draw_page.position()
    draw_page.play_on(frames=20)
    assert draw_page.position() == held


def test_settings_travel_in_the_url(draw_page: DrawPage) -> None:
    draw_page.open()
    draw_page.page.get_by_role("radio", name="centre").click()
    draw_page.page.get_by_role("button", name="Look again").click()
    draw_page.page.locator(".speed").select_option("2")
    draw_page.page.get_by_role("button", name="More").click()
    draw_page.page.get_by_role("radio", name="sampled").click()
    draw_page.expect_address("first=centre", "gaze=sampled", "seed=1", "speed=2")


def test_link_brings_its_settings_and_shows_the_same_look_again(draw_page: DrawPage) -> None:
    page, where = draw_page.page, draw_page.page.locator(".viewer .location")
    draw_page.open("?sample=4&gaze=sampled&first=place&x=-0.5&y=0.25&seed=5")
    page.locator(".viewer .last").click()
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")
    location, answer = where.inner_text(), draw_page.answer.inner_text()
    page.reload()
    expect(draw_page.answer).to_have_text(answer)
    expect(where).to_have_text(location)
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("spinbutton")).to_have_value("5")
    expect(page.get_by_role("radio", name="auto")).to_be_checked()
    expect(page.get_by_text("-0.50", exact=True)).to_be_visible()
    expect(page.get_by_text("0.25", exact=True)).to_be_visible()
