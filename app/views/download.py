"""A link that takes a file away; it looks like the buttons beside it."""

from __future__ import annotations

import html

import streamlit as st

from app.server.downloads import File
from app.session import downloads


def show(label: str, file: File | None, *, key: str) -> None:
    """Draws the link.

    Args:
        label: what it says.
        file: what it takes away; None if there is nothing yet.
        key: tells the session's files apart.
    """
    link = 'role="link" aria-disabled="true"'
    if file is not None:
        link = f'href="{downloads.offer(key, file)}" download="{html.escape(file.name)}"'
    st.html(f'<a class="download" {link}>{html.escape(label)}</a>', width="content")
