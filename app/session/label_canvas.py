"""The canvas on which own drawings are made, one after the other, to be kept in `app/session/drawings.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.session.canvas import Canvas, Strokes, strokes_on

CANVAS = Canvas("label_canvas")


@dataclasses.dataclass(frozen=True)
class _State:
    strokes: Strokes | None = None
    """On the canvas when it last reported; None before that."""
    heard: int = 0
    """Number of the last press of a class that was heard of."""


def show(mount: Callable[..., Any], brush: int) -> None:
    """Draws the canvas by mounting a `drawing_pad`; when its page is opened, with the unfinished drawing on it."""
    strokes = _state().strokes
    if CANVAS.was_just_opened() and strokes:
        CANVAS.order(strokes)
    canvas = CANVAS.show(mount, brush)
    if canvas.image_bytes is not None:
        _change(strokes=strokes_on(canvas))


def heard() -> int:
    """Number of the last press of a class that was heard of; they count from 1, in the browser."""
    return _state().heard


def hear(number: int) -> None:
    """Notes that a press was heard of: its drawing is no longer on the canvas."""
    _change(heard=number, strokes=[])


def bring_back(strokes: Strokes | None) -> None:
    """Puts strokes that were taken onto the canvas again; None leaves it as it is."""
    if strokes is not None:
        CANVAS.order(strokes)


def _state() -> _State:
    return st.session_state.get("labelling", _State())


def _change(**changes: object) -> None:
    st.session_state.labelling = dataclasses.replace(_state(), **changes)  # type: ignore[arg-type]
