"""The canvas of a page, and the way to change from the server what is on it."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

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

    def show(self, brush: int) -> CanvasResult:
        """Draws the canvas, and whatever it was last ordered to hold.

        The canvas redraws whenever `initial_drawing` changes, so this changes only by an order.
        """
        return st_canvas(
            stroke_width=brush,
            stroke_color=INK,
            background_color=PAPER,
            width=SIDE,
            height=SIDE,
            initial_drawing=st.session_state.get(self._order),
            return_image_data=True,
            key=self.key,
        )

    def order(self, strokes: Strokes) -> None:
        """Makes the canvas hold these strokes, and no others."""
        # The number makes even a repeated order a new one.
        number = st.session_state.get(self._order, {}).get("number", 0) + 1
        st.session_state[self._order] = {"objects": strokes, "number": number}

    @property
    def _order(self) -> str:
        return f"{self.key}_order"


def strokes_on(canvas: CanvasResult) -> Strokes:
    """What the canvas has reported."""
    return (canvas.json_data or {}).get("objects", [])
