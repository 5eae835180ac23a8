"""The Learning page: REINFORCE under the microscope, where the gradient goes, and what everybody asks about it."""

from __future__ import annotations

import streamlit as st

from app.server.shell import heading
from app.views.waking import waking


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    with st.container(key="learning_page"):
        st.container(key="learning_title").html(heading("learning"))
        place = st.empty()
    with waking(place, "Waking the models"):
        from app.views import microscope_view
    microscope_view.show()
