"""The picture that is being looked at.

There is one picture a session. Whatever the user did last decides it: drew, took a test digit or
uploaded a file. It is kept in the session, so that a page switch loses nothing, and named in the URL,
so that a reload or a link brings it back.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.look.picture import DRAWING, Picture
from app.session import address, messages, settings, steering
from app.session.canvas import TOO_LONG, Canvas, Report, Strokes, are_too_long, levels_on, strokes_on
from app.session.shelf import Kept, pictures, this_session

CANVAS = Canvas("canvas")
PAGE = "draw"  # whose messages are about the picture
PAINTED_OVER = "Nothing stands out on the canvas, so there is nothing to look at: undo or clear, and draw a digit."
NO_DIGIT = "This link names no test digit: there are 10,000, counted from 0. Draw your own, or take one of them."
GONE = "The picture of this link is no longer on this server. Draw your own, or take a test digit."


@dataclasses.dataclass(frozen=True)
class _State:
    picture: Picture | None = None
    strokes: Strokes | None = None
    """On the canvas when it was last asked; None before that."""
    requested_digit: int | None = None
    """The test digit that the URL of a new session names, until it is taken."""
    gallery_page: int = 0
    sources_show: SourcesShow | None = None


class SourcesShow(NamedTuple):
    """What the other sources of pictures, beside the canvas, show of the current one."""

    test_digit: int | None
    """Marked in the gallery."""
    message: messages.Message | None


def current() -> Picture | None:
    """What is being looked at; None while there is nothing."""
    return _state().picture


def show(picture: Picture | None) -> None:
    """Makes this the picture."""
    _change(picture=picture)
    messages.forget(PAGE)
    if picture is None:
        address.set_link(sample="", picture="")
    elif picture.test_digit is not None:
        address.set_link(sample=str(picture.test_digit), picture="")
    else:
        strokes = (_state().strokes or []) if picture.origin == DRAWING else []
        kept = Kept(picture, json.dumps(strokes))
        address.set_link(sample="", picture=pictures().put(kept, kept.size, this_session()))


def show_where_it_lay(picture: Picture) -> None:
    """Makes this the picture; in a larger field it is not moved, and the model looks at it in its own way."""
    settings.put_digit_back()
    steering.forget()
    show(picture)


def take_requested_digit() -> int | None:
    """The test digit that the URL of a new session names, if nothing else was taken since; returned only once."""
    requested = _state().requested_digit
    if requested is not None:
        _change(requested_digit=None)
    return requested if current() is None else None


# ---- the canvas ----


def show_canvas(mount: Callable[..., Any], brush: int) -> Report:
    """Draws the canvas by mounting a `drawing_pad`; when its page is opened, with the drawing as it was."""
    strokes = _state().strokes
    if CANVAS.was_just_opened() and strokes is not None:
        CANVAS.order(strokes)
    return CANVAS.show(mount, brush, clear)


def new_drawing(canvas: Report) -> npt.NDArray[np.uint8] | None:
    """Grey levels of the canvas, (height, width), if what is on it has changed since the last call."""
    strokes, before = strokes_on(canvas), _state().strokes or []
    if strokes == before:
        return None
    if are_too_long(strokes):
        messages.say(PAGE, messages.Message(TOO_LONG, is_problem=True))
        CANVAS.go_back(strokes, before)
        return None
    levels = levels_on(canvas)
    if levels is not None:
        _change(strokes=strokes)
    return levels


def show_drawing(drawn: Picture | None) -> None:
    """Makes the drawing the picture; None is a canvas where nothing stands out, which takes only a drawing away."""
    before = current()
    if drawn is not None:
        show_where_it_lay(drawn)
        return
    if before is not None and before.origin == DRAWING:
        show(None)
    messages.forget(PAGE)
    if _state().strokes:
        messages.say(PAGE, messages.Message(PAINTED_OVER, is_problem=True))


def clear() -> None:
    """Empties the stage; the browser has emptied the canvas."""
    steering.forget()
    show(None)


# ---- the other sources of pictures ----


def gallery_page() -> int:
    """Which page of the test digits is shown, from 0."""
    return _state().gallery_page


def turn_gallery_page() -> None:
    """Shows other test digits."""
    _change(gallery_page=gallery_page() + 1)


def sources_show() -> SourcesShow:
    """What the other sources have to show now."""
    picture = current()
    return SourcesShow(None if picture is None else picture.test_digit, messages.read(PAGE))


def note_sources(shown: SourcesShow | None) -> None:
    """Notes what the other sources show; None while the whole page is being drawn anew, and they will follow."""
    _change(sources_show=shown)


def sources_are_outdated() -> bool:
    """Whether the other sources, which are not drawn again with each stroke, show what is no longer true."""
    shown = _state().sources_show
    return shown is not None and shown != sources_show()


def _state() -> _State:
    state: _State | None = st.session_state.get("picture")
    if state is None:
        state = st.session_state.picture = _named_by_the_url()
    return state


def _named_by_the_url() -> _State:
    """What a new session starts with: a drawing or an upload is there at once, a test digit is to be taken."""
    sample, name = address.link("sample"), address.link("picture")
    address.set_link(sample="", picture="")
    if sample:
        is_position = sample.isascii() and sample.isdecimal() and len(sample) <= len("9999")
        if not is_position:
            messages.say(PAGE, messages.Message(NO_DIGIT, is_problem=True))
        return _State(requested_digit=int(sample) if is_position else None)
    kept = pictures().get(name, this_session())
    if kept is None:
        if name:
            messages.say(PAGE, messages.Message(GONE, is_problem=True))
        return _State()
    address.set_link(picture=name)
    strokes = kept.strokes
    CANVAS.order(strokes)
    return _State(kept.picture, strokes)


def _change(**changes: object) -> None:
    st.session_state.picture = dataclasses.replace(_state(), **changes)  # type: ignore[arg-type]
