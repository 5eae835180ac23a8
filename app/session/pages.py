"""The pages of the app, so that each view can lead to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from app.session import address


def register(pages: Mapping[str, StreamlitPage]) -> None:
    """Makes the pages known to this session by their names."""
    st.session_state.pages = pages


def go_to(name: str) -> NoReturn:
    """Opens the page of that name, with all settings as they are now."""
    address.keep()
    st.switch_page(page(name))


def page(name: str) -> StreamlitPage:
    """The page of that name, for a link."""
    pages: Mapping[str, StreamlitPage] = st.session_state.pages
    return pages[name]
