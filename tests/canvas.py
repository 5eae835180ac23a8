"""What a canvas reports, for tests that have no browser."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image


def stroke(path: Any, width: Any = 20) -> dict[str, Any]:
    """A stroke as the app keeps it."""
    line = {"type": "Path", "path": path, "stroke": "#ffffff", "strokeWidth": width}
    return {**line, "fill": None, "strokeLineCap": "round", "strokeLineJoin": "round"}


def along(points: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A stroke along these points, as the app keeps it."""
    first, *others = points
    return stroke([["M", *first], *(["L", *point] for point in others)])


def canvas_report(strokes: Any, image: Image.Image) -> dict[str, Any]:
    """The component's state after these strokes were drawn, with which the canvas looks like this."""
    return {"drawing": {"raw": {"objects": strokes}, "levels": runs_of(image)}}


def runs_of(image: Image.Image) -> str:
    """The picture as `runsOf` in app/components/browser/levels.js writes it."""
    levels = np.asarray(image.getchannel(0)).ravel()
    starts = np.flatnonzero(np.diff(levels, prepend=-1))
    runs = bytearray()
    for start, length in zip(starts, np.diff(starts, append=levels.size), strict=True):
        for left in range(length, 0, -255):
            runs += bytes([levels[start], min(left, 255)])
    return base64.b64encode(runs).decode()
