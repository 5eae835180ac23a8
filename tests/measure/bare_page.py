"""The least page that answers a drawing, to measure the app against: the canvas and a viewer that does nothing."""

from __future__ import annotations

import streamlit as st
from streamlit_drawable_canvas import st_canvas

viewer = st.components.v2.component("viewer", html="<div></div>", js="export default () => {};")

canvas = st_canvas(stroke_color="#ffffff", width=280, height=280, return_image_data=True, key="canvas")
strokes = (canvas.json_data or {}).get("objects", [])
viewer(data={"scene": {"id": f"{strokes}"} if strokes else None}, key="viewer")
