"""What a canvas says is on it."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.session.canvas import SIDE, has_reported, levels_on, report
from tests.canvas import runs_of


def test_levels_come_as_runs_row_by_row() -> None:
    # Two rows of paper, then a pixel of ink and a fainter one, and paper to the end.
    whole, left = divmod(SIDE * (SIDE - 2) - 2, 255)
    runs = [10, 255, 10, 255, 10, 2 * SIDE - 510, 255, 1, 130, 1, *[10, 255] * whole, 10, left]
    levels = levels_on(report({"levels": base64.b64encode(bytes(runs)).decode()}))
    assert levels is not None
    assert levels[2, :3].tolist() == [255, 130, 10]
    assert (levels.reshape(-1) != 10).sum() == 2


def test_every_picture_comes_back_from_its_runs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    levels = levels_on(report({"levels": runs_of(Image.fromarray(noise))}))
    assert np.array_equal(noise, levels if levels is not None else [])


@pytest.mark.parametrize("said", [None, "anything", {}, {"raw": {}, "levels": None}])
def test_canvas_that_has_said_nothing_is_no_picture(said: Any) -> None:
    assert not has_reported(report(said))
    assert levels_on(report(said)) is None
