"""What the chosen model gets, and what can be done to it: clutter, and another place for the digit."""

from __future__ import annotations

import functools

import streamlit as st

from app.components.gets import ModelInput
from app.look.field import DIGIT, Field
from app.look.picture import Picture
from app.look.scene import Floats, image_in_words
from app.server.catalogue import MADE_FOR
from app.session import settings

PREVIEW = 90  # pixels a side, about: a whole number for each pixel of the image ...
LARGEST_PREVIEW = 120  # ... as long as there is room beside it for the words


def stroke_width(brush: int, field: Field) -> int:
    """Pixels of the canvas: the larger the field, the smaller is a digit in it, and the finer its strokes."""
    return round(brush * DIGIT / field.side)


def show_tools(field: Field) -> None:
    """The buttons for a field; none for that of plain digits."""
    if not field.can_have_clutter:
        return
    pieces = settings.current().arrangement.count_pieces(field)
    st.button(
        "Other clutter" if pieces else "Add clutter",
        key="add_clutter",
        on_click=functools.partial(settings.change_clutter, shown=pieces > 0),
        icon=":material/scatter_plot:",
        help="Pieces of other digits, 8×8 pixels each, at random places. They may lie over the digit.",
    )
    st.button(
        "Remove clutter",
        key="remove_clutter",
        on_click=settings.remove_clutter,
        icon=":material/close:",
        disabled=not pieces,
        help="Leaves the digit alone in its field.",
    )
    if field.is_larger:
        st.button(
            "Move digit",
            key="move_digit",
            on_click=settings.move_digit,
            icon=":material/open_with:",
            help="Puts it somewhere else.",
        )


def what_the_model_gets(current: Picture | None, field: Field, image: Floats) -> ModelInput:
    """The image itself, and in words what it is."""
    now = settings.current()
    about = image_in_words(field.side, field.side, now.arrangement.count_pieces(field))
    zoom = max(round(PREVIEW / field.side), 1)
    return ModelInput(
        image,
        min(field.side * zoom, LARGEST_PREVIEW),
        f"The {' with '.join(about)} that the model gets",
        [*about, *_origin(current, field)],
        f"made for {MADE_FOR[now.model]}" if now.model in MADE_FOR else "",
    )


def _origin(current: Picture | None, field: Field) -> list[str]:
    if current is None:
        return ["nothing yet"]  # a line, or what lies below would move with the first stroke
    if not field.is_larger or current.test_digit is not None:
        return [current.origin]
    # However large it was drawn, the model has learned digits of one size.
    return [f"{current.origin}, resized {'and moved' if settings.current().place_seed else 'in place'}"]
