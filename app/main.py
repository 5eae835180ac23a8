"""Glimpse Playground: page frame and navigation."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import address
from app.views import draw, model_card

st.set_page_config(page_title="Glimpse Playground", page_icon="👁️", layout="wide")
st.html(Path(__file__).with_name("style.css"))

address.read()
st.navigation(
    [
        st.Page(draw.show, title="Draw", icon=":material/draw:", url_path="draw", default=True),
        st.Page(model_card.show, title="Model", icon=":material/account_tree:", url_path="model"),
    ],
    position="top",
).run()
address.write()
