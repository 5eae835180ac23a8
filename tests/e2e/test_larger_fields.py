"""A person uses models of larger images, in which the digit lies anywhere among clutter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram.config import RAMConfig
from ram.model import RAM
from tests.e2e.conftest import running_app
from tests.e2e.drawing import DrawPage, see
from tests.e2e.windows import each_window
from tests.processes import end_runs, wait_until

MODELS = {"sixty": (60, 4, 3), "hundred": (100, 8, 4)}  # side, clutter, scales


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app with models of larger images; they have random weights."""
    folder = tmp_path_factory.mktemp("larger")
    torch.manual_seed(0)
    for name, (side, clutter, scales) in MODELS.items():
        config = RAMConfig(glimpse_size=12, num_scales=scales, num_glimpses=8, hidden_size=32)
        (folder / "runs" / name).mkdir(parents=True)
        info = CheckpointInfo(config, side, {"image_size": side, "clutter": clutter}, {})
        save_checkpoint(folder / "runs" / name / "best.safetensors", RAM(config).state_dict(), info)
    with running_app(folder) as address:
        yield address
    end_runs(folder / "runs")


def tool(draw_page: DrawPage, name: str) -> Locator:
    return draw_page.page.get_by_role("button", name=name)


def look(draw_page: DrawPage) -> dict[str, object]:
    """The look on the page, as one takes it away."""
    see(draw_page.answer.filter(has_text="RAM "))
    with draw_page.page.expect_download() as download:
        draw_page.page.get_by_role("link", name="JSON").click()
    content: dict[str, object] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    return content


def image(draw_page: DrawPage) -> np.ndarray:
    return np.array(look(draw_page)["image"])


def test_digit_drawn_in_the_upper_left_corner_lies_there_among_clutter(draw_page: DrawPage) -> None:
    draw_page.open("?model=sixty")
    draw_page.expect_empty_stage()
    draw_page.draw(7, left=15, top=15, side=90)
    tool(draw_page, "Remove clutter").click()
    draw_page.expect_address("clutter=no")
    expect(draw_page.page.get_by_text("your drawing, resized in place")).to_be_visible()
    bare = image(draw_page)
    assert bare.shape == (60, 60)
    rows, columns = bare.nonzero()
    assert max(rows.max(), columns.max()) < 30

    tool(draw_page, "Add clutter").click()
    draw_page.expect_address("clutter=yes", "pieces=1")
    expect(draw_page.page.get_by_text("4 pieces of clutter")).to_be_visible()
    described = re.compile("^The digit in 60×60 pixels with 4 pieces of clutter, the gaze at glimpse 8 of 8")
    see(draw_page.answer.filter(has_text="RAM "))
    expect(draw_page.page.locator(".viewer .field")).to_have_attribute("aria-label", described)
    cluttered = image(draw_page)
    assert 0 < (cluttered != bare).sum() <= 4 * 64

    draw_page.page.reload()
    assert np.array_equal(image(draw_page), cluttered)
    draw_page.expect_address("clutter=yes", "pieces=1", "model=sixty")
    # The strokes are still there, and go on where they are: one more, below them.
    before = draw_page.page.url
    draw_page.draw(1, left=15, top=110, side=60)
    expect(draw_page.page).not_to_have_url(before)  # the address names the drawing
    expect(tool(draw_page, "Remove clutter")).to_be_enabled()
    tool(draw_page, "Remove clutter").click()
    draw_page.expect_address("clutter=no")
    assert not np.array_equal(image(draw_page), bare)


def test_drawing_stays_when_the_model_changes_and_every_scale_is_shown_with_what_it_covers(
    draw_page: DrawPage,
) -> None:
    page = draw_page.page
    draw_page.open()
    draw_page.draw(7, left=15, top=15, side=90)
    draw_page.expect_answer(7)
    for name, (side, clutter, scales) in MODELS.items():
        draw_page.choose_model(name)
        draw_page.expect_address("picture=")
        described = re.compile(f"^The digit in {side}×{side} pixels with {clutter} pieces of clutter")
        expect(page.locator(".viewer .field")).to_have_attribute("aria-label", described)
        labels = ["12×12 px", "24×24 → 12×12", "48×48 → 12×12", "96×96 → 12×12"][:scales]
        expect(page.locator(".viewer .patches figcaption")).to_have_text(labels)
        for _ in each_window(page, ("dark", 1024), ("light", 390), ("light", 1440)):
            wait_until(lambda: patches_fit(page))
    # The strokes are the same ones: they can be taken back.
    draw_page.click_in_app("undo")
    draw_page.expect_empty_stage()


def patches_fit(page: Page) -> bool:
    """Whether each patch is a square that one can see, and nothing is wider than its place."""
    boxes = [patch.bounding_box() for patch in page.locator(".viewer .patches canvas").all()]
    overflow = [
        page.locator(place).evaluate("element => element.scrollWidth - element.clientWidth")
        for place in (".viewer .patches", ".st-key-stage_title", ".stMain")
    ]
    squares = [box is not None and box["width"] >= 60 and abs(box["width"] - box["height"]) < 1 for box in boxes]
    return bool(squares) and all(squares) and max(overflow) <= 0


def test_click_chooses_the_first_glimpse_in_a_larger_field(draw_page: DrawPage) -> None:
    draw_page.open("?model=sixty&sample=17&first=centre")
    see(draw_page.answer.filter(has_text="RAM "))
    draw_page.page.locator(".viewer .first").click()
    box = draw_page.page.locator(".field").bounding_box()
    assert box is not None
    # With 60 pixels and 6.5 of margin on either side, this is where (-0.5, 0.5) lies.
    x, y = ((6.5 + share * 60) / 73 for share in (0.25, 0.75))
    draw_page.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    draw_page.expect_address("first=place", "x=-0.5", "y=0.5")
