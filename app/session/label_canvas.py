"""The canvas on which own drawings are made, one after the other, to be kept in `app/session/drawings.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.session import messages
from app.session.canvas import TOO_LONG, Canvas, Strokes, are_too_long, has_reported, strokes_on
from app.session.messages import Message

CANVAS = Canvas("label_canvas")
PAGE = "drawings"  # whose messages are about what is drawn here


@dataclasses.dataclass(frozen=True)
class _State:
    strokes: Strokes = dataclasses.field(default_factory=list)
    """On the canvas when it last reported."""
    heard: int = 0
    """Number of the last press of a class that was heard of."""


def show(mount: Callable[..., Any], brush: int) -> None:
    """Draws the canvas by mounting a `drawing_pad`; when its page is opened, with the unfinished drawing on it."""
    before = _state().strokes
    if CANVAS.was_just_opened() and before:
        CANVAS.order(before)
    canvas = CANVAS.show(mount, brush)
    strokes = strokes_on(canvas) if has_reported(canvas) else before
    if strokes != before and are_too_long(strokes):
        messages.say(PAGE, Message(TOO_LONG, "canvas", is_problem=True))
        CANVAS.go_back(strokes, before)
    else:
        _change(strokes=strokes)


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
