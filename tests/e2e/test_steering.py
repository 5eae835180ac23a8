"""What a class does with a look: moves a glimpse, and takes it back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.drawing import FRAMES, MISREAD, DrawPage, numbers, see
from tests.processes import wait_until


def button(draw_page: DrawPage, name: str) -> Locator:
    return draw_page.page.locator(".viewer").get_by_role("button", name=name)


def forced(draw_page: DrawPage) -> dict[int, tuple[float, float]]:
    """What the address says."""
    found = re.search(r"[?&]force=([^&]*)", draw_page.page.url)
    text = found[1].replace("%3A", ":").replace("%2C", ",").replace("%3B", ";") if found else ""
    parts = [part.partition(":") for part in text.split(";") if part]
    return {int(number): (float(at.split(",")[0]), float(at.split(",")[1])) for number, _, at in parts}


def test_click_moves_the_glimpse_on_screen_and_the_model_goes_on_from_there(looked: DrawPage) -> None:
    looked.show_glimpse(4)
    looked.page.mouse.click(*looked.place(-0.9, -0.9))
    looked.expect_address("force=4")
    assert forced(looked)[4] == pytest.approx((-0.9, -0.9), abs=0.02)
    see(looked.page.locator(".versus", has_text=re.compile(r"^Glimpse 4 moved\. p\(9\) .* → .*, value .* → .*\.")))
    expect(looked.count).to_have_text("Glimpse 6 of 6")  # without motion the end is there at once
    expect(looked.page.locator(".classes .share.own:visible")).to_have_count(10)
    expect(looked.page.locator(".classes li").nth(9).locator(".share.own")).to_have_text("93.5 %")
    expect(looked.page.locator(".own-number")).to_have_text(re.compile(r"^\d\.\d\d →$"))
    looked.show_glimpse(4)
    expect(looked.location).to_have_text(re.compile(r"\(−0\.(89|90|91), −0\.(89|90|91)\)"))
    # Another digit is looked at in the model's own way.
    looked.page.locator(".gallery button").first.click()
    looked.page.wait_for_url(lambda _: forced(looked) == {})
    expect(button(looked, "Its own way")).to_be_disabled()
    expect(button(looked, "Undo move")).to_be_disabled()
    # A click beyond the border moves the glimpse to the border.
    looked.show_glimpse(1)
    looked.page.mouse.click(*looked.place(1.2, -1.2))
    looked.expect_address("first=place", "x=1", "y=-1")
    looked.show_glimpse(1)
    expect(looked.location).to_have_text("location (1.00, −1.00)")


@pytest.mark.usefixtures("motion")
def test_after_a_click_it_plays_on_from_there(draw_page: DrawPage) -> None:
    draw_page.open(MISREAD + "&speed=4")
    see(draw_page.answer.filter(has_text="RAM says 9"))
    draw_page.show_glimpse(3)
    draw_page.page.mouse.click(*draw_page.place(0.8, 0.8))
    draw_page.expect_address("force=3")
    expect(draw_page.answer).to_contain_text("RAM ")
    expect(draw_page.count).to_have_text("Glimpse 6 of 6")


def drag_window(looked: DrawPage) -> None:
    """Drags the window of the third glimpse to another place, and sees what is shown meanwhile and afterwards."""
    mouse, patch = looked.page.mouse, looked.page.locator(".patches canvas").first
    before = patch.evaluate("canvas => canvas.toDataURL()")
    x, y = numbers(looked.location.inner_text())
    mouse.move(*looked.place(x + 0.15, y + 0.15))  # inside the window, away from its middle
    mouse.down()
    mouse.move(*looked.place(0.65, 0.35), steps=5)
    expect(looked.location).to_have_text(re.compile(r"\(0\.(49|50|51), 0\.(19|20|21)\)"))
    assert patch.evaluate("canvas => canvas.toDataURL()") != before
    assert forced(looked) == {}  # nothing is sent before it is let go ...
    expect(looked.page.locator(".classes .share.yours").first).to_have_css("opacity", "0")  # ... and nothing known
    mouse.up()
    looked.expect_address("force=3")
    expect(looked.page.locator(".classes .share.yours").first).to_have_css("opacity", "1")
    assert forced(looked)[3] == pytest.approx((0.5, 0.2), abs=0.02)


def test_window_is_moved_by_mouse_and_keys_and_let_go_of_by_escape(looked: DrawPage) -> None:
    looked.show_glimpse(3)
    own = looked.location.inner_text()
    moved, let_go = looked.press_at_once(".location", "Shift+ArrowDown", "Escape")
    assert moved != own
    assert let_go == own
    drag_window(looked)
    button(looked, "Its own way").click()
    looked.page.wait_for_url(lambda _: forced(looked) == {})
    # By keys it moves by pixels, and the viewer stays there.
    looked.show_glimpse(3)
    expect(looked.location).to_have_text(own)
    x, y = numbers(own)
    for key in ["ArrowRight"] * 3 + ["ArrowUp"] * 2:
        looked.page.keyboard.press(f"Shift+{key}")
    end = pytest.approx((x + 6 / 28, y - 4 / 28), abs=0.011)
    looked.page.wait_for_url(lambda _: forced(looked).get(3) == end)  # in one move, or in several where keys are slow
    see(looked.page.locator(".versus", has_text="Glimpse 3 moved"))
    expect(looked.count).to_have_text("Glimpse 3 of 6")
    looked.page.keyboard.press("Shift+ArrowLeft")
    looked.page.wait_for_url(lambda _: forced(looked)[3][0] < x + 5 / 28)
    expect(looked.count).to_have_text("Glimpse 3 of 6")


# How far below the page's top each of these parts begins.
TOPS = """() => {
  const parts = [".transport", ".answer", ".ask", ".belief", ".glimpse", ".value", ".live-charts", ".gallery"];
  const components = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const places = [document, ...components.map((component) => component.shadowRoot)];
  const top = document.querySelector(".stMain").scrollTop;
  return parts.map((part) => {
    const found = places.map((place) => place?.querySelector(part)).find((element) => element?.checkVisibility());
    return [part, found ? Math.round(found.getBoundingClientRect().top + top) : -1];
  });
}"""


def tops(page: Page) -> dict[int, dict[str, int]]:
    """How far below the page's top each part begins in windows of three widths, once nothing moves in them."""
    found = {}
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = wait_until(lambda: settled(page))
    return found


def settled(page: Page) -> dict[str, int]:
    """Where parts are, if they still are there some frames later; else nothing."""
    before = page.evaluate(TOPS)
    page.evaluate(FRAMES, 10)
    return dict(before) if page.evaluate(TOPS) == before else {}


def test_neither_the_first_stroke_nor_a_move_shifts_what_is_there(draw_page: DrawPage) -> None:
    page = draw_page.page
    draw_page.open()
    draw_page.expect_empty_stage()
    empty = tops(page)
    draw_page.draw(7)  # on a phone, the last of the windows
    draw_page.expect_answer(7)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    drawn = tops(page)
    for width, places in drawn.items():
        beside = [".gallery"] if width > 900 else []  # on a phone it lies below the charts
        for part in [".transport", ".answer", ".ask", ".belief", ".glimpse", *beside]:
            assert places[part] == empty[width][part], (width, part)
    draw_page.show_glimpse(3)
    page.locator(".field").scroll_into_view_if_needed()
    page.mouse.click(*draw_page.place(0.9, 0.9))
    see(page.locator(".versus", has_text="Glimpse 3 moved"))
    assert tops(page) == drawn


class SlowServer:
    """Stands between a page and its server, and keeps the answers back while `holds`."""

    def __init__(self, page: Page) -> None:
        self.holds = False
        self.moves = 0
        """How many the server has been told of."""
        self._late: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket(re.compile("_stcore/stream"), self._join)

    def _join(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def take(message: str | bytes) -> None:
            self.moves += isinstance(message, bytes) and b'"move"' in message
            server.send(message)

        def give(message: str | bytes) -> None:
            self._late.append((browser, message))
            if not self.holds:
                self.answer()

        browser.on_message(take)
        server.on_message(give)

    def answer(self) -> None:
        """Passes on what was kept back."""
        self.holds = False
        while self._late:
            browser, message = self._late.pop(0)
            browser.send(message)


def test_keys_go_on_while_an_answer_is_on_its_way(draw_page: DrawPage) -> None:
    page, server = draw_page.page, SlowServer(draw_page.page)
    draw_page.open(MISREAD)
    see(draw_page.answer.filter(has_text="RAM says 9"))
    draw_page.show_glimpse(3)
    x, _ = numbers(draw_page.location.inner_text())
    server.holds = True
    for number in (1, 2):
        page.keyboard.press("Shift+ArrowRight")
        wait_until(lambda: page.evaluate("true") and server.moves == number)  # noqa: B023
    expect(page.locator(".viewer.held")).to_have_count(1)  # what it will come to is not known yet
    page.keyboard.press("Shift+ArrowRight")  # in the hand when the answers come
    server.answer()
    page.wait_for_url(lambda _: forced(draw_page).get(3, (0, 0))[0] == pytest.approx(x + 6 / 28, abs=0.011))
    expect(draw_page.count).to_have_text("Glimpse 3 of 6")
    expect(page.locator(".viewer.held")).to_have_count(0)


SCROLLED = "() => document.querySelector('.stMain').scrollTop"


def test_finger_drags_a_window_and_scrolls_the_page_elsewhere(looked: DrawPage) -> None:
    page = looked.page
    page.set_viewport_size({"width": 390, "height": 844})
    looked.show_glimpse(3)
    page.locator(".field").scroll_into_view_if_needed()
    own = numbers(looked.location.inner_text())
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = page.evaluate(SCROLLED)
    touch("touchStart", *looked.place(own[0], own[1]))
    for share in (0.3, 0.6, 1):
        touch("touchMove", *looked.place(own[0] + share * (0.4 - own[0]), own[1] + share * (0.6 - own[1])))
    touch("touchEnd")
    looked.expect_address("force=3")
    assert forced(looked)[3] == pytest.approx((0.4, 0.6), abs=0.03)
    assert page.evaluate(SCROLLED) == before
    # A tap beside it moves the glimpse, too.
    address, (x, y) = page.url, looked.place(-0.95, 0.6)
    expect(page.locator(".viewer.held")).to_have_count(0)
    touch("touchStart", x, y)
    touch("touchEnd")
    page.wait_for_url(lambda found: found != address)
    # But there a finger that moves scrolls, and does nothing else.
    expect(page.locator(".viewer.held")).to_have_count(0)
    address, (x, y) = page.url, looked.place(0.95, 0.95)
    touch("touchStart", x, y)
    for step in range(1, 13):
        touch("touchMove", x, y - 15 * step)
    touch("touchEnd")
    wait_until(lambda: page.evaluate(SCROLLED) > before + 100)
    assert page.url == address


def test_undo_and_its_own_way_lead_back_and_stay_at_the_glimpse(draw_page: DrawPage) -> None:
    page, undo, own_way = draw_page.page, button(draw_page, "Undo move"), button(draw_page, "Its own way")
    draw_page.open(f"{MISREAD}&force=8:0,0")
    see(draw_page.answer.filter(has_text="RAM says 9"))
    expect(page.locator(".versus")).to_have_text("This model looks 6 times: it has no glimpse 8 to move.")
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    expect(page.locator(".findings")).to_be_hidden()
    expect(own_way).to_be_disabled()
    move(draw_page, 2, 4)
    assert [*forced(draw_page)] == [2, 4]
    draw_page.show_glimpse(4)
    undo.click()
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])
    expect(page.locator(".versus")).to_contain_text("Glimpse 2 moved")
    expect(draw_page.count).to_have_text("Glimpse 4 of 6")
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    expect(page.locator(".findings")).to_be_hidden()
    expect(page.locator(".classes .share.own").first).to_be_hidden()
    expect(draw_page.count).to_have_text("Glimpse 4 of 6")
    undo.click()  # that, too, can be taken back
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])
    own_way.click()
    page.wait_for_url(lambda _: forced(draw_page) == {})
    # Moving an earlier glimpse lets the later ones go.
    move(draw_page, 4, 2)
    page.wait_for_url(lambda _: [*forced(draw_page)] == [2])


def move(draw_page: DrawPage, *numbers: int) -> None:
    """Moves these glimpses one after the other into a corner."""
    for number in numbers:
        draw_page.show_glimpse(number)
        draw_page.page.mouse.click(*draw_page.place(0.9, -0.9))
        draw_page.expect_address(f"{number}%3A0.")


def test_address_carries_the_places_and_files_tell_both_ways(draw_page: DrawPage) -> None:
    draw_page.open(MISREAD + "&force=4:-1,-1")
    see(draw_page.page.locator(".versus", has_text="Glimpse 4 moved"))
    see(draw_page.answer.filter(has_text="RAM says 7"))
    expect(draw_page.page.locator(".versus")).to_contain_text("The answer flips at glimpse 6: 9 → 7.")
    with draw_page.page.expect_download() as download:
        draw_page.page.get_by_role("link", name="JSON").click()
    content = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert content["settings"]["force"] == "4:-1.00,-1.00"
    assert content["forced"] == [3]
    assert (content["action"], content["own"]["action"], content["truth"]) == (7, 9, 4)
    # Up to rounding: the model's own look is one of a batch with those of the digit check.
    np.testing.assert_allclose(content["locations"][:3], content["own"]["locations"][:3], atol=1e-6)
