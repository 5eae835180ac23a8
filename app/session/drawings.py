"""The session's own drawings: kept, removed, renamed, taken from a file, and undone.

Like the picture on the Draw page, the set is kept in the session, so that a page switch loses nothing,
and named in the URL, so that a reload brings it back. Every change puts a new version on the shelf.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from app.session.picture import CANVAS_SIZE, INK, PAPER
from app.session.shelf import collections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ram.data.collection import Collection

CANVAS = "label_canvas"


@dataclasses.dataclass(frozen=True)
class Note:
    """One sentence about what was done last, and the way back."""

    text: str
    place: Literal["canvas", "set", "file", "names"]
    """Where on the page it was done."""
    before: Collection | None = None
    """The set as it was, if it was changed."""
    strokes: list[dict[str, Any]] | None = None
    """What was on the canvas, if it was emptied."""
    problem: bool = False


def current_collection() -> Collection:
    """The session's own drawings; on any page, those that its URL names."""
    from ram.data.collection import empty_collection

    state = st.session_state
    if "collection" not in state:
        kept = collections().get(state.get("drawings_name", ""))
        state.collection = empty_collection() if kept is None else kept
        if kept is None:
            state.drawings_name = ""
    return state.collection


def set_collection(collection: Collection) -> None:
    """Replaces the session's own drawings."""
    from ram.data.collection import DIGIT_NAMES

    images, labels = collection.digits
    st.session_state.collection = collection
    if len(labels) or collection.classes != DIGIT_NAMES:
        st.session_state.drawings_name = collections().put(collection, images.nbytes + labels.nbytes + 1000)
    else:
        st.session_state.drawings_name = ""


def note() -> Note | None:
    """What was done last."""
    return st.session_state.get("drawings_note")


def chosen() -> int | None:
    """The position of the drawing that the next step is about."""
    return st.session_state.get("chosen_drawing")


def choose(position: int | None) -> None:
    """Makes one drawing the chosen one; once more, and it is not."""
    st.session_state.chosen_drawing = None if position == chosen() else position
    st.session_state.drawings_note = None


def show_canvas(brush: int, *, entering: bool) -> CanvasResult:
    """Draws the canvas. `entering` says that the page was just opened: an unfinished drawing is then given back.

    The canvas redraws whenever `initial_drawing` changes, so it stays the same until there is an order to;
    the order's number makes even a repeated one new.
    """
    state = st.session_state
    if entering:
        state.pressed_class = None
        # What was just kept is no longer unfinished, even if the canvas had no time to report that it was empty.
        if state.get("label_strokes") and state.label_strokes != state.get("kept_strokes"):
            _order(state.label_strokes)
    canvas = st_canvas(
        stroke_width=brush,
        stroke_color=INK,
        background_color=PAPER,
        width=CANVAS_SIZE,
        height=CANVAS_SIZE,
        initial_drawing=state.get("label_order"),
        return_image_data=True,
        key=CANVAS,
    )
    if canvas.image_bytes is not None:
        state.label_strokes = _strokes(canvas)
    if state.get("kept_strokes") != state.get("label_strokes"):
        state.kept_strokes = None
    return canvas


def undo_stroke() -> None:
    """Takes the last stroke off the canvas."""
    _order(st.session_state.get("label_strokes", [])[:-1])


def clear_canvas() -> None:
    """Empties the canvas."""
    _order([])


def press(label: int) -> None:
    """Says what the drawing is; it is kept when the run comes to `keep_pressed`."""
    st.session_state.pressed_class = label


def keep_pressed(canvas: CanvasResult) -> None:
    """Keeps the drawing that somebody has just said the class of, and empties the canvas for the next one."""
    from ram import prepare_drawing

    state = st.session_state
    if state.get("pressed_class") is None:
        return
    label, state.pressed_class = state.pressed_class, None
    strokes = _strokes(canvas)
    if strokes and strokes == state.get("kept_strokes"):
        return  # The same press twice: the canvas has not yet reported that it is empty.
    pixels = canvas.image_data
    image = None if pixels is None else prepare_drawing(pixels)
    if image is None or not image.any():
        state.drawings_note = Note("Nothing is drawn yet: draw, then say what it is.", "canvas", problem=True)
        return
    _keep(np.rint(image * 255).astype(np.uint8), label, strokes)
    st.rerun()


def _keep(image: np.ndarray, label: int, strokes: list[dict[str, Any]]) -> None:
    import torch

    before = current_collection()
    if _change(lambda: before.add(torch.from_numpy(image), label), "canvas"):
        st.session_state.kept_strokes = strokes
        _note(f"Kept as {before.classes[label]}.", "canvas", before, strokes)
        _order([])


def remove_chosen() -> None:
    """Removes the chosen drawing."""
    before, position = current_collection(), chosen()
    if position is None:
        return
    name = before.classes[int(before.digits.labels[position])]
    if _change(lambda: before.remove(position), "set"):
        _note(f"Removed a drawing of {name}.", "set", before)


def remove_all() -> None:
    """Removes every drawing and every name."""
    from ram.data.collection import empty_collection

    before = current_collection()
    if _change(empty_collection, "set"):
        _note(f"Removed {count_drawings(len(before.digits.labels))}.", "set", before)


def rename(names: Sequence[str]) -> None:
    """Gives the ten classes these names."""
    before = current_collection()
    names = [name.strip() for name in names]
    if list(before.classes) != names and _change(lambda: before.rename(names), "names"):
        _note("The names are changed.", "names", before)


def add_file(content: bytes) -> None:
    """Adds the drawings of a file."""
    from ram.data.collection import load_collection

    before = current_collection()
    if not _change(lambda: before.merge(load_collection(content)), "file"):
        return
    added = len(current_collection().digits.labels) - len(before.digits.labels)
    if added:
        _note(f"Added {count_drawings(added)} from the file.", "file", before)
    else:
        _note("All drawings of this file are here already.", "file", None)


def undo_change() -> None:
    """Takes back what was done last: the set is as it was, and what was on the canvas is there again."""
    last = note()
    if last is None or last.before is None:
        return
    set_collection(last.before)
    if last.strokes is not None:
        _order(last.strokes)
    st.session_state.kept_strokes = None
    st.session_state.drawings_note = None
    st.session_state.chosen_drawing = None


def count_drawings(count: int) -> str:
    """The number of drawings in words."""
    return f"{count:,} drawing{'' if count == 1 else 's'}"


def _change(make: Any, place: Literal["canvas", "set", "file", "names"]) -> bool:
    """Replaces the set; says in one sentence why if that is not possible."""
    from ram.data.collection import CollectionError

    try:
        set_collection(make())
    except CollectionError as error:
        st.session_state.drawings_note = Note(str(error), place, problem=True)
        return False
    st.session_state.chosen_drawing = None
    return True


def _note(
    text: str,
    place: Literal["canvas", "set", "file", "names"],
    before: Collection | None,
    strokes: list[dict[str, Any]] | None = None,
) -> None:
    st.session_state.drawings_note = Note(text, place, before, strokes)


def _strokes(canvas: CanvasResult) -> list[dict[str, Any]]:
    return (canvas.json_data or {}).get("objects", [])


def _order(strokes: list[dict[str, Any]]) -> None:
    number = st.session_state.get("label_order", {}).get("number", 0) + 1
    st.session_state.label_order = {"objects": strokes, "number": number}
