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

Strokes = list[dict[str, Any]]


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
    """What the canvas has reported; nothing if these are no strokes."""
    objects = canvas.drawing.get("objects", []) if isinstance(canvas.drawing, dict) else []
    # Others may open them by a link: a picture or a pattern among them could make their browsers load anything.
    return objects if isinstance(objects, list) and all(map(_is_stroke, objects)) else []


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


def _is_stroke(stroke: Any) -> bool:
    if not isinstance(stroke, dict) or stroke.get("type") != "Path":
        return False
    path = stroke.get("path", [])
    plain = all(value is None or isinstance(value, str | int | float) for key, value in stroke.items() if key != "path")
    return plain and isinstance(path, list) and all(isinstance(step, list | tuple) for step in path)
