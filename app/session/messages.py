"""What a page has to say about the last action: one message a page, until the next action."""

from __future__ import annotations

import dataclasses
import re

import streamlit as st

LONGEST = 400  # characters that a page shows of a text
# What has a meaning in Markdown where it stands: for a paragraph of one line, in which no bracket is left.
_MARKDOWN = r"[\\`*\[\]~$<>&@]|(?<![^\W_])_|_(?![^\W_])|:(?=\S)|(?<=www)\.|^[#+-]"


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
    if page in (said := _messages()):
        st.session_state.messages = {name: message for name, message in said.items() if name != page}


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
    """Markdown that shows this text as it is, on one line: names are whatever somebody types, or a file says."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", re.sub(_MARKDOWN, r"\\\g<0>", text))
