"""The picture that is being looked at, and the ways it gets onto the page.

There is one picture a session. Whatever the user did last decides it: drew, took a test digit or
uploaded a file. It is kept in the session, so that a page switch loses nothing, and named in the URL,
so that a reload or a link brings it back.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from app.look.field import Picture, digit_picture
from app.session.shelf import Kept, shelf

CANVAS_SIZE = 280  # pixels a side
PAPER, INK = "#0a0c12", "#ffffff"
DRAWING = "your drawing"


def current_picture() -> Picture | None:
    """What is being looked at; None while there is nothing."""
    return st.session_state.get("picture")


def restore_drawing() -> None:
    """Gives a new session the drawing or upload that its URL names."""
    if "picture" in st.session_state:
        return
    kind, name = st.session_state.address or ("", "")
    st.session_state.picture = st.session_state.address = None
    st.session_state.requested_digit = name if kind == "sample" else ""
    kept = shelf().get(name) if kind == "picture" else None
    if kept is not None:
        st.session_state.picture = Picture(kept.image, kept.origin, kept.place)
        st.session_state.strokes = kept.strokes
        st.session_state.address = ("picture", name)
        _order_drawing(kept.strokes)


def restore_test_digit() -> None:
    """Gives a new session the test digit that its URL names."""
    position = st.session_state.pop("requested_digit", "")
    if current_picture() is None and position.isascii() and position.isdecimal() and int(position) < 10_000:
        take_test_digit(int(position))


def show_canvas(brush: int, *, entering: bool) -> CanvasResult:
    """Draws the canvas. `entering` says that the page was just opened: the drawing is then given back.

    The canvas takes `initial_drawing` as an order to redraw whenever it changes, so it stays the same
    until there is one: on entering, undo and clear. The order's number makes even a repeated one new.
    """
    if entering and "strokes" in st.session_state:
        _order_drawing(st.session_state.strokes)
    return st_canvas(
        stroke_width=brush,
        stroke_color=INK,
        background_color=PAPER,
        width=CANVAS_SIZE,
        height=CANVAS_SIZE,
        initial_drawing=st.session_state.get("ordered_drawing"),
        return_image_data=True,
        key="canvas",
    )


def undo() -> None:
    """Takes the last stroke off the canvas."""
    _order_drawing(st.session_state.get("strokes", [])[:-1])


def clear() -> None:
    """Empties the canvas and the stage."""
    _order_drawing([])
    _show(None)


def _order_drawing(strokes: list[dict[str, Any]]) -> None:
    number = st.session_state.get("ordered_drawing", {}).get("number", 0) + 1
    st.session_state.ordered_drawing = {"objects": strokes, "number": number}


def take_drawing(canvas: CanvasResult) -> None:
    """Makes the drawing the picture if it has changed since the last run."""
    from ram.data.drawing import prepare_placed_drawing

    strokes = (canvas.json_data or {}).get("objects", [])
    if strokes == st.session_state.get("strokes", []) or (pixels := canvas.image_data) is None:
        return
    st.session_state.strokes = strokes
    image, place = prepare_placed_drawing(pixels)
    current = current_picture()
    if image.any():
        st.session_state.spot = 0  # it lies where it was drawn
        _show(Picture(image, DRAWING, place))
    elif current is not None and current.origin == DRAWING:
        _show(None)


def take_test_digit(position: int) -> None:
    """Makes a test digit the picture."""
    _show(digit_picture(position))


def take_upload(content: bytes) -> None:
    """Makes an uploaded file the picture, or says in one sentence why not."""
    from app.look.uploads import UploadError, read_image
    from ram.data.drawing import DrawingError, check_is_drawing, prepare_placed_drawing

    try:
        pixels = read_image(content)
        check_is_drawing(pixels)
    except (UploadError, DrawingError) as error:
        st.session_state.problem = str(error)
        return
    image, place = prepare_placed_drawing(pixels)
    st.session_state.spot = 0
    _show(Picture(image, "your image", place))


def _show(picture: Picture | None) -> None:
    st.session_state.picture = picture
    st.session_state.problem = ""
    if picture is None:
        st.session_state.address = None
    elif picture.test_digit is not None:
        st.session_state.address = ("sample", str(picture.test_digit))
    else:
        strokes = st.session_state.get("strokes", []) if picture.origin == DRAWING else []
        kept = Kept(picture.image, picture.origin, picture.place, strokes)
        st.session_state.address = ("picture", shelf().put(kept))
