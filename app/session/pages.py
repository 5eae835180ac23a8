"""The pages of the app, so that each view can lead to the others."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def register(pages: Mapping[str, StreamlitPage]) -> None:
    """Makes the pages known to this session by their names."""
    st.session_state.pages = pages


def page(name: str) -> StreamlitPage:
    """The page of that name, for a link or a switch."""
    pages: Mapping[str, StreamlitPage] = st.session_state.pages
    return pages[name]
