"""The number about which the user wants to know more, while the inside of the model is open."""

from __future__ import annotations

import dataclasses

import streamlit as st


@dataclasses.dataclass(frozen=True)
class Asked:
    """A number of a look."""

    glimpse: int
    """From 1."""
    item: str
    """As `app.look.explaining.parse_item` reads it."""


def ask(asked: Asked | None) -> None:
    """Chooses another number, or none."""
    st.session_state.inside_asked = asked


def follow(on: Asked) -> None:
    """Goes on to another glimpse with what was chosen; by now that may be something else, or nothing."""
    now = asked()
    if now is not None and now.item == on.item:
        ask(on)


def asked() -> Asked | None:
    """The number that was chosen last; it is the same number of another look, once there is one."""
    asked: Asked | None = st.session_state.get("inside_asked")
    return asked
