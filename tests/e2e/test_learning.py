"""The Learning page as a class uses it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.drawing import DrawPage, see
from tests.processes import wait_until

EQUAL = """() => ["x", "y"].every((axis) => {
  const root = [...document.querySelectorAll("*")].find((element) => element.shadowRoot?.querySelector(".microscope"));
  const text = (part) => root.shadowRoot.querySelector(`.${part}-${axis}`).textContent;
  return text("arrow") === text("exact") && /^[+−]?\\d+\\.\\d\\d$/.test(text("exact"));
})"""


class Microscope:
    """The Learning page in a browser."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.field = page.locator(".microscope .field")
        self.one, self.push, self.steps = (page.locator(f".microscope .{name}") for name in ("one", "push", "steps"))

    def open(self, query: str) -> None:
        self.page.goto(f"{self.server}/learning{query}")
        see(self.page.locator(".norms td"), seconds=60)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, key: str, option: str) -> None:
        self.page.locator(f".st-key-{key}").get_by_role("radio", name=option, exact=True).click()

    def numbers(self) -> str:
        """All that is said about the looks on show."""
        return self.page.locator(".microscope .table div").text_content() or ""

    def changed_from(self, before: str) -> str:
        """Waits until other looks are on show."""
        wait_until(lambda: self.numbers() != before)
        return self.numbers()


@pytest.fixture
def microscope(page: Page, server: str) -> Microscope:
    return Microscope(page, server)


def test_class_draws_others_compares_baselines_and_takes_steps(microscope: Microscope) -> None:
    page = microscope.page
    microscope.open("?stage=mnist&sample=18&baseline=none")
    expect(page.locator(".microscope .earned")).to_have_text(re.compile(r"^\d+ of 16 right$"))
    for baseline, said in (("value", "with the value"), ("others' mean", "with the others' mean")):
        before = microscope.numbers()
        assert page.evaluate(EQUAL)
        microscope.choose("subtract", baseline)
        microscope.changed_from(before)
        expect(page.locator(".redraws figcaption")).to_have_text([re.compile("without a baseline"), re.compile(said)])
    assert page.evaluate(EQUAL)
    before = microscope.numbers()
    microscope.press("Sixteen others")
    before = microscope.changed_from(before)
    page.wait_for_url(re.compile("looks=1"), wait_until="commit")
    microscope.press("Take the step")
    see(microscope.steps.filter(has_text="After 1 step the mean has moved"))
    microscope.press("Take ten")
    see(
        microscope.steps.filter(
            has_text=re.compile(r"After 11 steps .* Of 160 looks, \d+ % were right before and \d+ % are right now\.")
        )
    )
    assert page.evaluate(EQUAL)
    page.wait_for_url(re.compile("taken=1x11"), wait_until="commit")
    page.reload()
    see(microscope.steps.filter(has_text="After 11 steps"), seconds=60)
    microscope.press("Back to the start")
    expect(microscope.steps).to_be_empty()


def test_looks_are_told_to_mouse_finger_and_keys(microscope: Microscope) -> None:
    page = microscope.page
    microscope.open("?stage=mnist&sample=18")
    microscope.field.focus()
    page.keyboard.press("ArrowRight")
    expect(microscope.one).to_have_text(re.compile(r"^Look 1 fell .* and says \d .*R − b = "))
    page.keyboard.press("ArrowLeft")
    expect(microscope.one).to_contain_text("Look 16 fell")
    page.keyboard.press("Escape")
    expect(microscope.one).to_contain_text("Point at a look")
    box = microscope.field.bounding_box()
    assert box
    # Somewhere round the mean there is a look: points of a grid, by mouse and by finger.
    grid = [(box["x"] + box["width"] * x / 12, box["y"] + box["height"] * y / 12) for x in range(13) for y in range(13)]
    for point in grid:
        page.mouse.move(*point)
    assert page.evaluate(
        """(points) => {
          const holds = (each) => each.shadowRoot?.querySelector(".microscope");
          const root = [...document.querySelectorAll("*")].find(holds);
          const [field, one] = [".field", ".one"].map((part) => root.shadowRoot.querySelector(part));
          return points.some(([clientX, clientY]) => {
            field.dispatchEvent(new PointerEvent("pointerdown", { clientX, clientY, pointerType: "touch" }));
            return one.textContent.startsWith("Look ");
          });
        }""",
        grid,
    )
    see(page.locator(".microscope .one", has_text="Look"))
    page.locator(".microscope summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".microscope tbody tr").last).to_contain_text("16")


def test_questions_show_where_the_gradient_goes_and_why_not_through_the_crop(microscope: Microscope) -> None:
    page = microscope.page
    microscope.open("?stage=mnist&sample=18")
    see(page.locator(".norms td", has_text="none"))
    page.locator(".st-key-question_5").get_by_role("button").click()
    see(page.locator(".verdict", has_text="Through the crop: no derivative at all"))
    see(page.locator(".stairs svg .line"))
    for part in (".gradients .hint", ".stairs", ".flow .wide"):
        expect(page.locator(part)).to_be_in_viewport()
    expect(page.locator(".gradients .hint")).to_contain_text("The staircase")
    expect(page.get_by_role("heading", name="Where does the gradient go?")).to_be_in_viewport(ratio=1)
    page.wait_for_url(re.compile("through=yes"), wait_until="commit")
    page.locator(".st-key-question_0").get_by_role("button").click()
    see(microscope.steps.filter(has_text="After 10 steps"))
    expect(microscope.field).to_be_in_viewport()
    expect(page.locator(".microscope .hint")).to_be_in_viewport()
    expect(page.locator(".gradients .hint")).to_be_hidden()
    see(page.locator(".legend .trailed"))
    expect(page.locator(".verdict")).to_be_hidden()


def test_own_drawing_lies_under_the_microscope_once_it_has_a_label(microscope: Microscope, draw_page: DrawPage) -> None:
    page = microscope.page
    draw_page.open()
    draw_page.draw(7)
    draw_page.expect_answer(7)
    page.get_by_role("link", name="Learning").click()
    see(page.locator(".microscope .empty", has_text="Without a label there is no reward"), seconds=60)
    page.locator(".st-key-learning_digit").get_by_role("radio", name="4", exact=True).click()
    see(page.get_by_text("if 4 is the wrong label"))
    page.locator(".st-key-learning_digit").get_by_role("radio", name="7", exact=True).click()
    see(page.locator(".microscope .earned", has_text=re.compile(r"\d+ of 16 right")))
    expect(page.get_by_text("wrong label")).to_have_count(0)
    page.locator(".gallery button").nth(1).click()
    see(page.locator(".st-key-learning_digit", has_text="Test digit"))
