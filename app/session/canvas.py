"""The canvas of a page, and the way to change from the server what is on it."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.look.light import DARK_FIELD
from app.server.limits import read_limits

SIDE = 280  # pixels
TOO_LONG = "This drawing is too long to be kept, so its last stroke was taken off: please draw a digit in few strokes."
PAPER, INK = DARK_FIELD, "#ffffff"
STEPS = {"M": 2, "L": 2, "Q": 4}  # of a stroke's path, and the numbers of each
FARTHEST = 10_000  # pixels from the canvas's corner: a mouse may leave it

Strokes = list[dict[str, Any]]
"""In the words of Fabric.js, each as `_stroke` writes it."""


class Report(NamedTuple):
    """What a canvas says is on it: anything, since a browser can be made to send anything."""

    drawing: Any
    """The strokes, in the words of Fabric.js."""
    levels: Any
    """What is to be seen, as `levels_on` reads it."""


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A canvas; its methods work on what the current session has drawn on it."""

    key: str
    """Identifies it on the page."""

    def was_just_opened(self) -> bool:
        """Whether this run opens its page; to be asked before `show`."""
        # When a page is left, Streamlit forgets the values of its widgets.
        return self.key not in st.session_state

    def show(self, mount: Callable[..., Any], brush: int, on_cleared: Callable[[], None] = lambda: None) -> Report:
        """Draws the canvas by mounting a `drawing_pad` (app/components/pad.py), which carries out each order once."""
        order = st.session_state.get(self._order, {"objects": [], "number": 0})
        shown = mount(
            **{"key": self.key, "order": order, "heard": self._heard(), "brush": brush, "side": SIDE},
            **{"ink": INK, "paper": PAPER, "on_cleared": on_cleared},
        )
        return report(shown.get("drawing"))

    def _heard(self) -> int:
        """Number of the report that this run works on."""
        said = st.session_state.get(self.key, {}).get("drawing")
        number = said.get("number") if isinstance(said, dict) else None
        return number if isinstance(number, int) else 0

    def order(self, strokes: Strokes) -> None:
        """Makes the canvas hold these strokes, and no others: to bring a drawing back.

        What it is to hold next, while somebody draws, only the browser knows: it undoes, clears and takes drawings.
        """
        # The number makes even a repeated order a new one.
        number = st.session_state.get(self._order, {}).get("number", 0) + 1
        st.session_state[self._order] = {"objects": strokes, "number": number}

    def go_back(self, refused: Strokes, before: Strokes) -> None:
        """Makes the canvas hold what it held before these strokes, and runs the page again; once for each of them."""
        mark = hash(json.dumps(refused))
        if st.session_state.get(self._refused) != mark:
            st.session_state[self._refused] = mark
            self.order(before)
            st.rerun()

    @property
    def _order(self) -> str:
        return f"{self.key}_order"

    @property
    def _refused(self) -> str:
        return f"{self.key}_refused"


def has_reported(canvas: Report) -> bool:
    """Whether the canvas has said what is on it; before that, it holds what it was ordered to."""
    return isinstance(canvas.levels, str)


def report(drawing: Any) -> Report:
    """What a canvas says is on it; nothing if this is not what a canvas says."""
    said = drawing if isinstance(drawing, dict) else {}
    return Report(said.get("raw"), said.get("levels"))


def strokes_on(canvas: Report) -> Strokes:
    """What the canvas has reported, without what makes no difference; nothing if these are no strokes.

    Others may open them by a link, and whatever else somebody had put in could end their canvas or their connection.
    """
    objects = canvas.drawing.get("objects") if isinstance(canvas.drawing, dict) else None
    sent = objects if isinstance(objects, list) else []
    strokes = [stroke for stroke in map(_stroke, sent) if stroke is not None]
    return strokes if len(strokes) == len(sent) else []


def are_too_long(strokes: Strokes) -> bool:
    """Whether these strokes take more than a session may keep."""
    return len(json.dumps(strokes)) > 1000 * read_limits().longest_drawing


def levels_on(canvas: Report) -> npt.NDArray[np.uint8] | None:
    """Grey levels of the canvas, (SIDE, SIDE); None if it has reported nothing, or no picture.

    They come as runs, row by row: two bytes each, a level and how many pixels have it, in base64.
    """
    if not has_reported(canvas):
        return None
    try:
        runs = np.frombuffer(base64.b64decode(canvas.levels, validate=True), np.uint8)
    except ValueError:
        return None
    levels, counts = runs[::2], runs[1::2]
    if len(levels) != len(counts) or counts.sum() != SIDE * SIDE:
        return None
    return levels.repeat(counts).reshape(SIDE, SIDE)


def _stroke(sent: Any) -> dict[str, Any] | None:
    match sent:
        case {"type": "Path", "path": [["M", *_], *_] as path, "strokeWidth": width} if (
            all(map(_is_step, path)) and _is_coordinate(width) and width > 0
        ):
            line = {"type": "Path", "path": path, "stroke": INK, "strokeWidth": width}
            return {**line, "fill": None, "strokeLineCap": "round", "strokeLineJoin": "round"}
    return None


def _is_step(step: Any) -> bool:
    match step:
        case [str(letter), *numbers]:
            return len(numbers) == STEPS.get(letter) and all(map(_is_coordinate, numbers))
    return False


def _is_coordinate(value: Any) -> bool:
    """Whether this is a number of pixels; JSON, as Python reads it, has NaN and infinity, too."""
    return type(value) in (int, float) and -FARTHEST <= value <= FARTHEST
