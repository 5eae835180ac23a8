"""The pages of the app, and the way from one to another."""

from __future__ import annotations

import streamlit as st


def pages() -> dict[str, st.Page]:
    """All pages by their name in the URL, in the order of the navigation."""
    # Here, because the views link to each other's pages.
    from app.views import draw, model_card, my_drawings, train

    return {
        "draw": st.Page(draw.show, title="Draw", icon=":material/draw:", url_path="draw", default=True),
        "train": st.Page(train.show, title="Train", icon=":material/model_training:", url_path="train"),
        "drawings": st.Page(my_drawings.show, title="My drawings", icon=":material/gesture:", url_path="drawings"),
        "model": st.Page(model_card.show, title="Model", icon=":material/account_tree:", url_path="model"),
    }
