"""Test digits to choose from, a few at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.components.gallery import digit_gallery
from app.look.sources import digit_picture, name_of
from app.server.models import test_digits
from app.session import picture, widgets

AT_A_TIME = 12


def on_page(order: npt.NDArray[np.int64]) -> list[int]:
    """The positions that the session's page of the gallery shows, of all that are to be shown in this order."""
    start = picture.gallery_page() * AT_A_TIME % len(order)
    return [int(position) for position in order[start : start + AT_A_TIME]]


def show(positions: list[int], chosen: int | None, *, key: str, on_take: Callable[[int], None]) -> None:
    """Draws these test digits; a click calls `on_take` with the position of one."""
    digits = test_digits()
    digit_gallery(
        digits.images[positions].numpy(),
        keys=positions,
        names=[name_of(digits, position) for position in positions],
        chosen=chosen,
        label="Test digits",
        key=key,
        on_pick=functools.partial(_pick, key, on_take),
    )


def show_others() -> None:
    """Draws the button that turns the page."""
    st.button("Others", on_click=picture.turn_gallery_page, icon=":material/shuffle:", help="Show other digits")


def take(position: int) -> None:
    """Makes a test digit the picture."""
    picture.show_where_it_lay(digit_picture(test_digits(), position))


def _pick(key: str, on_take: Callable[[int], None]) -> None:
    if (pick := widgets.sent_position(key, "pick", len(test_digits().labels))) is not None:
        on_take(pick)
