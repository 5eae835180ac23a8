"""The files that the session can take away."""

from __future__ import annotations

import streamlit as st

from app.server.downloads import Downloads, File


def offer(key: str, file: File) -> str:
    """Offers a file, in place of the one that had the key, and returns its address."""
    if "downloads" not in st.session_state:
        st.session_state.downloads = Downloads()
    downloads: Downloads = st.session_state.downloads
    return downloads.offer(key, file)
