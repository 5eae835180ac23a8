"""The Model page: what the chosen checkpoint is, how it was trained and how good it is."""

from __future__ import annotations

import streamlit as st

from app.server import catalogue
from app.server.shell import heading
from app.views.waking import waking


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    st.html(heading("model"))
    names = catalogue.model_labels()
    name = st.selectbox("Model", [*names], key="model", width=240, format_func=lambda name: names[name])
    with waking(st.empty(), "Waking the model"):
        from app.views import checkpoint_view
    checkpoint_view.show(name)
