"""The canvas on which own drawings are made, one after the other, to be kept in `app/session/drawings.py`."""

from __future__ import annotations

import dataclasses

import streamlit as st
from streamlit_drawable_canvas import CanvasResult

from app.session import messages
from app.session.canvas import TOO_LONG, Canvas, Strokes, are_too_long, has_reported, strokes_on
from app.session.messages import Message

CANVAS = Canvas("label_canvas")
PAGE = "drawings"  # whose messages are about what is drawn here


@dataclasses.dataclass(frozen=True)
class _State:
    strokes: Strokes | None = None
    """On the canvas when it last reported; None before that."""
    kept: Strokes | None = None
    """Strokes that were kept, until the canvas reports that they are gone."""
    pressed: int | None = None
    """The class that somebody has just said, until the drawing is kept."""


def show(brush: int) -> CanvasResult:
    """Draws the canvas; when its page is opened, with the unfinished drawing that was on it."""
    if CANVAS.was_just_opened():
        state = _change(pressed=None)
        # What was just kept is finished, even if the canvas had no time to report that it was empty.
        if state.strokes and state.strokes != state.kept:
            CANVAS.order(state.strokes)
    canvas = CANVAS.show(brush)
    state = _state()
    strokes = strokes_on(canvas) if has_reported(canvas) else state.strokes
    if strokes and strokes != state.strokes and are_too_long(strokes):
        messages.say(PAGE, Message(TOO_LONG, "canvas", is_problem=True))
        CANVAS.go_back(strokes, state.strokes or [])
        strokes = state.strokes
    _change(strokes=strokes, kept=state.kept if state.kept == strokes else None)
    return canvas


def undo_stroke() -> None:
    """Takes the last stroke off the canvas."""
    CANVAS.order((_state().strokes or [])[:-1])


def clear() -> None:
    """Empties the canvas."""
    CANVAS.order([])


def press(label: int) -> None:
    """Says what the drawing is; it is kept when the run comes to `drawings.keep_pressed`."""
    _change(pressed=label)


def take_pressed() -> int | None:
    """What somebody has just said that the drawing is; returned only once."""
    label = _state().pressed
    _change(pressed=None)
    return label


def is_kept(strokes: Strokes) -> bool:
    """Whether exactly these strokes were kept just now: the canvas has not reported yet that it is empty."""
    return bool(strokes) and strokes == _state().kept


def empty_after_keeping(strokes: Strokes) -> None:
    """Empties the canvas, whose strokes have been kept, for the next drawing."""
    _change(kept=strokes)
    CANVAS.order([])


def bring_back(strokes: Strokes | None) -> None:
    """Puts strokes that were kept onto the canvas again; None leaves it as it is."""
    _change(kept=None)
    if strokes is not None:
        CANVAS.order(strokes)


def _state() -> _State:
    return st.session_state.get("labelling", _State())


def _change(**changes: object) -> _State:
    state = dataclasses.replace(_state(), **changes)  # type: ignore[arg-type]
    st.session_state.labelling = state
    return state
