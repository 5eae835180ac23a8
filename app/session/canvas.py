"""The canvas of a page, and the way to change from the server what is on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import CanvasResult

from app.look.light import DARK_FIELD

SIDE = 280  # pixels
PAPER, INK = DARK_FIELD, "#ffffff"

Strokes = list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A canvas; its methods work on what the current session has drawn on it."""

    key: str
    """Identifies it on the page."""

    def was_just_opened(self) -> bool:
        """Whether this run opens its page; to be asked before `show`."""
        # When a page is left, Streamlit forgets the values of its widgets.
        return self.key not in st.session_state

    def show(self, mount: Callable[..., Any], brush: int) -> CanvasResult:
        """Draws the canvas by mounting a `drawing_pad` (app/components/pad.py), which carries out each order once."""
        order = st.session_state.get(self._order, {"objects": [], "number": 0})
        shown = mount(key=self.key, order=order, brush=brush, side=SIDE, ink=INK, paper=PAPER, on_drawing=lambda: None)
        return report(shown.get("drawing"))

    def order(self, strokes: Strokes) -> None:
        """Makes the canvas hold these strokes, and no others: to bring a drawing back.

        What it is to hold next, while somebody draws, only the browser knows: it undoes, clears and takes drawings.
        """
        # The number makes even a repeated order a new one.
        number = st.session_state.get(self._order, {}).get("number", 0) + 1
        st.session_state[self._order] = {"objects": strokes, "number": number}

    @property
    def _order(self) -> str:
        return f"{self.key}_order"


def report(drawing: Any) -> CanvasResult:
    """What a canvas says is on it; nothing if this is not what a canvas says."""
    said = drawing if isinstance(drawing, dict) else {}
    return CanvasResult(said.get("raw"), said.get("data"), return_image_data=True)


def strokes_on(canvas: CanvasResult) -> Strokes:
    """What the canvas has reported."""
    return (canvas.json_data or {}).get("objects", [])
