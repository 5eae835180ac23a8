"""A link that takes a file away; it looks like the buttons beside it."""

from __future__ import annotations

import html

import streamlit as st

from app.server.downloads import File
from app.session import downloads

ICON = (
    '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="currentColor">'
    '<path d="M11 4h2v8.2l3.3-3.3 1.4 1.4-5.7 5.7-5.7-5.7 1.4-1.4 3.3 3.3zM4 15h2v3h12v-3h2v5H4z"/></svg>'
)


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
    st.html(f'<a class="download" {link}>{ICON}{html.escape(label)}</a>', width="content")
