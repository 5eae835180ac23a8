"""The session's own drawings: kept, removed, renamed, taken from a file, and undone.

Like the picture on the Draw page, the set is kept in the session, so that a page switch loses nothing,
and named in the URL, so that a reload brings it back. Every change puts a new version on the shelf.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import streamlit as st
import torch

from app.session import address, label_canvas, messages
from app.session.canvas import Report, Strokes, levels_on, report, strokes_on
from app.session.messages import Message
from app.session.shelf import collections, this_session
from ram import prepare_drawing
from ram.data.collection import DIGIT_NAMES, Collection, CollectionError, empty_collection, load_collection

PAGE = label_canvas.PAGE  # whose messages are about them
Place = Literal["canvas", "set", "file", "names"]  # where on the page something is done


class _Undo(NamedTuple):
    before: Collection
    """The set as it was."""
    strokes: Strokes | None
    """What was on the canvas, if it was emptied."""


@dataclasses.dataclass(frozen=True)
class _State:
    collection: Collection
    chosen: int | None = None
    """The position of the drawing that the next step is about."""
    undo: _Undo | None = None
    """The way back from the last change."""
    names_shown: tuple[str, ...] = ()
    """The classes' names that the page's fields were last filled with."""


def current_collection() -> Collection:
    """The session's own drawings; on any page, those that its URL names."""
    return _state().collection


def chosen() -> int | None:
    """The position of the drawing that the next step is about."""
    return _state().chosen


def choose(position: int | None) -> None:
    """Makes one drawing the chosen one; choosing it again undoes that."""
    _change(chosen=None if position == chosen() else position, undo=None)
    messages.forget(PAGE)


def keep(presses: Any) -> None:
    """Keeps each drawing that somebody has said the class of, once, though the browser repeats them.

    Args:
        presses: what the browser says of them, see `class_buttons`.
    """
    for press in presses if isinstance(presses, list) else []:
        match press:
            case {"number": int(number), "label": label, "drawing": drawing} if (
                number > label_canvas.heard() and type(label) is int and label in range(len(DIGIT_NAMES))
            ):
                label_canvas.hear(number)
                _keep(label, report(drawing))


def _keep(label: int, canvas: Report) -> None:
    strokes, levels = strokes_on(canvas), levels_on(canvas)
    image = None if levels is None else prepare_drawing(levels)
    if image is None or not image.any():
        _complain("Nothing is drawn yet: draw, then say what it is.", "canvas")
        return
    before, drawn = current_collection(), torch.from_numpy(np.rint(image * 255).astype(np.uint8))
    if _try(lambda: before.add(drawn, label), "canvas"):
        _say(f"Kept as {before.classes[label]}.", "canvas", _Undo(before, strokes))
    else:
        label_canvas.bring_back(strokes)


def remove_chosen() -> None:
    """Removes the chosen drawing."""
    before, position = current_collection(), chosen()
    if position is None:
        return
    name = before.classes[int(before.digits.labels[position])]
    if _try(lambda: before.remove(position), "set"):
        _say(f"Removed a drawing of {name}.", "set", _Undo(before, None))


def remove_all() -> None:
    """Removes every drawing and every name."""
    before = current_collection()
    if _try(empty_collection, "set"):
        _say(f"Removed {count_drawings(len(before.digits.labels))}.", "set", _Undo(before, None))


def rename(names: Sequence[str]) -> None:
    """Gives the ten classes these names."""
    before = current_collection()
    names = [name.strip() for name in names]
    if list(before.classes) != names and _try(lambda: before.rename(names), "names"):
        _say("The names are changed.", "names", _Undo(before, None))


def add_file(content: bytes) -> None:
    """Adds the drawings of a file."""
    before = current_collection()
    if not _try(lambda: before.merge(load_collection(content)), "file"):
        return
    added = len(current_collection().digits.labels) - len(before.digits.labels)
    if added:
        _say(f"Added {count_drawings(added)} from the file.", "file", _Undo(before, None))
    else:
        _say("All drawings of this file are here already.", "file", None)


def undo_change() -> None:
    """Takes back the last change: the set is as it was, and what was on the canvas is there again."""
    undo = _state().undo
    if undo is None:
        return
    _set_collection(undo.before)
    label_canvas.bring_back(undo.strokes)
    _change(chosen=None, undo=None)
    messages.forget(PAGE)


def fill_name_fields() -> bool:
    """Whether the page's fields are to be filled with the classes' names now.

    They follow the set when it changes by a file or an undo, but not while somebody corrects a name.
    """
    names = current_collection().classes
    changed = names != _state().names_shown
    _change(names_shown=names)
    return changed


def count_drawings(count: int) -> str:
    """The number of drawings in words."""
    return f"{count:,} drawing{'' if count == 1 else 's'}"


def _try(make: Callable[[], Collection], place: Place) -> bool:
    """Replaces the set; if that is not possible, the page says why in one sentence."""
    try:
        _set_collection(make())
    except CollectionError as error:
        _complain(str(error), place)
        return False
    _change(chosen=None)
    return True


def _set_collection(collection: Collection) -> None:
    images, labels = collection.digits
    _change(collection=collection)
    worth_keeping = len(labels) or collection.classes != DIGIT_NAMES
    size = images.nbytes + labels.nbytes
    address.set_link(drawings=collections().put(collection, size, this_session()) if worth_keeping else "")


def _say(text: str, place: Place, undo: _Undo | None) -> None:
    _change(undo=undo)
    messages.say(PAGE, Message(text, place, can_be_undone=undo is not None))


def _complain(text: str, place: Place) -> None:
    _change(undo=None)
    messages.say(PAGE, Message(text, place, is_problem=True))


def _state() -> _State:
    if "drawings" not in st.session_state:
        kept = collections().get(address.link("drawings"), this_session())
        if kept is None:
            address.set_link(drawings="")
        st.session_state.drawings = _State(empty_collection() if kept is None else kept)
    return st.session_state.drawings


def _change(**changes: object) -> None:
    st.session_state.drawings = dataclasses.replace(_state(), **changes)  # type: ignore[arg-type]
