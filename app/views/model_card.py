"""The Model page: what the chosen checkpoint says about itself."""

import streamlit as st


def show() -> None:
    """Draws the page."""
    st.write("model")
