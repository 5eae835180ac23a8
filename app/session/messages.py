"""What a page has to say about the last action: one message a page, until the next action."""

from __future__ import annotations

import dataclasses
import re

import streamlit as st


@dataclasses.dataclass(frozen=True)
class Message:
    """One sentence."""

    text: str
    place: str = ""
    """The part of the page that says it."""
    is_problem: bool = False
    can_be_undone: bool = False


def say(page: str, message: Message) -> None:
    """Makes this the page's message."""
    st.session_state.messages = {**_messages(), page: message}


def read(page: str) -> Message | None:
    """The page's message, if there is one."""
    return _messages().get(page)


def forget(page: str) -> None:
    """Takes the page's message away."""
    st.session_state.messages = {name: message for name, message in _messages().items() if name != page}


def take(page: str, place: str) -> Message | None:
    """The page's message, if it belongs to this place; it is then forgotten, and shown in one run only."""
    message = read(page)
    if message is None or message.place != place:
        return None
    forget(page)
    return message


def _messages() -> dict[str, Message]:
    return st.session_state.get("messages", {})


def plain_text(text: str) -> str:
    """Markdown that shows this text as it is: names are whatever somebody types."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:<>&])", r"\\\1", text)
