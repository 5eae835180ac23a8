"""What the chosen model gets, and what can be done to it: clutter, and another place for the digit."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from app.components.gallery import sheet_url
from app.look.field import DIGIT, Arrangement, Field, Picture, lay_out
from app.look.scene import Floats, in_words
from app.server import resources
from app.session.address import LARGEST_SEED

PREVIEW = 90  # pixels a side, about: a whole number for each pixel of the image ...
LARGEST_PREVIEW = 120  # ... as long as there is room beside it for the words


def field_of_model(name: str | None) -> Field:
    """The field of a model; that of plain digits while PyTorch is not there, and for one that cannot be used."""
    if name is None or not resources.is_warm():
        return Field()
    try:
        return resources.model_field(name)
    except ValueError:
        return Field()


def arrangement() -> Arrangement:
    """What the user wants in the fields."""
    state = st.session_state
    return Arrangement(state.clutter, int(state.pieces), int(state.spot))


def stroke_width(brush: int, field: Field) -> int:
    """Pixels of the canvas: the larger the field, the smaller is a digit in it, and the finer its strokes."""
    return round(brush * DIGIT / field.side)


def show_tools(field: Field) -> None:
    """The buttons for a field; none for that of plain digits."""
    if not field.can_have_clutter:
        return
    pieces = arrangement().count_pieces(field)
    st.button(
        "Other clutter" if pieces else "Add clutter",
        key="add_clutter",
        on_click=_add_clutter,
        args=(pieces > 0,),
        icon=":material/scatter_plot:",
        help="Pieces of other digits, 8×8 pixels each, at random places. They may lie over the digit.",
    )
    st.button(
        "Remove clutter",
        key="remove_clutter",
        on_click=_remove_clutter,
        icon=":material/close:",
        disabled=not pieces,
        help="Leaves the digit alone in its field.",
    )
    if field.is_larger:
        st.button("Move digit", key="move", on_click=_move, icon=":material/open_with:", help="Puts it somewhere else.")


def _add_clutter(there: bool) -> None:
    """Other pieces at other places, whether or not there are some."""
    st.session_state.pieces = (st.session_state.pieces + 1) % (LARGEST_SEED + 1)
    if not there:
        st.session_state.clutter = "yes"


def _remove_clutter() -> None:
    st.session_state.clutter = "no"


def _move() -> None:
    st.session_state.spot = st.session_state.spot % LARGEST_SEED + 1  # never 0, which is where it was drawn


def show_what_the_model_gets(current: Picture | None, field: Field) -> None:
    """The image itself, and in words what it is."""
    about = in_words(field.side, field.side, arrangement().count_pieces(field))
    image, zoom = _image(current, field), max(round(PREVIEW / field.side), 1)
    pixels = np.rint(image * 255).astype(np.uint8).repeat(zoom, 0).repeat(zoom, 1)
    # With its pixels in its address: Streamlit would keep every picture of a fragment until the page is left.
    st.html(
        f"<figure class='sees'><img src='{sheet_url(pixels[None])}' width='{min(field.side * zoom, LARGEST_PREVIEW)}' "
        f"alt='The {' with '.join(about)} that the model gets'><figcaption><b>What the model gets</b><br>"
        + "<br>".join(html.escape(line) for line in [*about, *_origin(current, field)])
        + "".join(f"<br><small>made for {made_for}</small>" for made_for in _made_for())
        + "</figcaption></figure>"
    )


def _image(current: Picture | None, field: Field) -> Floats:
    from ram.data.mnist import DataError

    try:
        return lay_out(current, field, arrangement())
    except DataError:  # the page says elsewhere that there is nothing to cut clutter from
        return lay_out(current, field, Arrangement(clutter="no"))


def _origin(current: Picture | None, field: Field) -> list[str]:
    if current is None:
        return []
    if not field.is_larger or current.test_digit is not None:
        return [current.origin]
    # However large it was drawn, the model has learned digits of one size.
    return [f"{current.origin}, resized {'and moved' if arrangement().spot else 'in place'}"]


def _made_for() -> list[str]:
    made_for = resources.MADE_FOR.get(st.session_state.model)
    return [made_for] if made_for else []
