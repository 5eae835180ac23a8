"""The look that the page shows, for those of its parts that are not drawn again with each stroke."""

from __future__ import annotations

import streamlit as st

from app.look.scene import Scene


class Look:
    """One a session. It is the only record that changes in place: a download asks for the look when it is clicked."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.hidden: Scene | None = None
        """The one that nobody is to see but in a presentation."""
        self.in_table: Scene | None = None
        """The one whose numbers stand in the table; None while it is closed, or being drawn anew."""


def current() -> Look:
    """The session's look."""
    if "look_on_show" not in st.session_state:
        st.session_state.look_on_show = Look()
    look: Look = st.session_state.look_on_show
    return look


def show(scene: Scene | None, *, is_hidden: bool) -> None:
    """Makes this the look on show, or the one that is to be presented."""
    look = current()
    look.scene, look.hidden = (None, scene) if is_hidden else (scene, None)


def table_is_outdated() -> bool:
    """Whether the table shows the numbers of an earlier look."""
    look = current()
    return look.in_table is not None and look.in_table is not look.scene
