"""The look that the page shows, for those of its parts that are not drawn again with each stroke."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from app.look.scene import Scene


class Look:
    """One a session. It is the only record that changes in place: a download asks for the look when it is clicked."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.others_show: Shown | None = None
        """None while the whole page is being drawn anew, and they will follow."""


class Shown(NamedTuple):
    """What the other parts show."""

    is_there: bool
    """Whether there was a look."""
    scene: Scene | None
    """The one whose numbers they show, if they show any."""


NOTHING = Shown(is_there=False, scene=None)


def current() -> Look:
    """The session's look."""
    if "look_on_show" not in st.session_state:
        st.session_state.look_on_show = Look()
    look: Look = st.session_state.look_on_show
    return look


def others_are_outdated() -> bool:
    """Whether the other parts show what is no longer true."""
    look = current()
    if (shown := look.others_show) is None:
        return False
    return shown.is_there != (look.scene is not None) or (shown.scene is not None and shown.scene is not look.scene)
