"""Small digits to choose from."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.components import component

SHEET_COLUMNS = 32  # A thousand images in one row would be wider than browsers can draw.

_mount = component("gallery", html='<div class="gallery" role="group" hidden></div>')


def digit_gallery(
    images: npt.NDArray[np.uint8],
    *,
    keys: list[int],
    names: list[str],
    chosen: int | None,
    label: str,
    key: str,
    on_pick: Callable[[], None],
    marked: list[bool] | None = None,
    dense: bool = False,
) -> Any:
    """Shows images (count, height, width); a click calls `on_pick` with its key as `pick` in the state.

    `marked` gives some a dot; `dense` makes them smaller, as many in a row as there is room for.
    """
    return _mount(
        data={
            "sheet": sheet_url(images),
            "columns": min(len(images), SHEET_COLUMNS),
            "keys": keys,
            "names": names,
            "chosen": chosen,
            "label": label,
            "marked": marked or [False] * len(images),
            "dense": dense,
        },
        key=key,
        on_pick_change=on_pick,
    )


def sheet_url(images: npt.NDArray[np.uint8]) -> str:
    """All images in rows of `SHEET_COLUMNS`, in one PNG, as a data URL."""
    count, height, width = images.shape
    columns = min(count, SHEET_COLUMNS)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:count] = images
    pixels = sheet.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
