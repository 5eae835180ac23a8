"""A view's own widgets, in their callbacks: there a widget's value is only found by its key."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def value(key: str) -> Any:
    """What the widget or component of that key holds."""
    return st.session_state[key]


def sent(key: str, name: str) -> Any:
    """What the component of that key has just sent under a name; None if it has left the page since then."""
    component = st.session_state.get(key)
    return None if component is None else component.get(name)


def sent_position(key: str, name: str, count: int) -> int | None:
    """The same, if it is a position in a list of `count` things; None if it is anything else."""
    position = sent(key, name)
    return position if type(position) is int and 0 <= position < count else None


def comes_from_a_fragment() -> bool:
    """Whether the browser's last message was for fragments alone, as of one that draws itself anew each second.

    Such a message holds what all widgets of the page have, and the clicks that are still to be sent.
    """
    context = get_script_run_ctx()
    return bool(context and context.fragment_ids_this_run)


def has_value(key: str) -> bool:
    """Whether the widget of that key has been shown, or given a value, since its page was opened."""
    return key in st.session_state


def put(key: str, value: Any) -> None:
    """Gives a widget a value before it is shown."""
    st.session_state[key] = value


def numbered(name: str) -> str:
    """A key that changes with every `renew`."""
    return f"{name}_{st.session_state.get('renewals', {}).get(name, 0)}"


def renew(name: str) -> None:
    """Makes the widgets with the key `numbered(name)` new ones: a dialog closes, and an upload is forgotten."""
    renewals = st.session_state.get("renewals", {})
    st.session_state.renewals = {**renewals, name: renewals.get(name, 0) + 1}
