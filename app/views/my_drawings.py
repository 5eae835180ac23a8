"""The My drawings page: a small set of own drawings, each labelled by whoever drew it."""

from __future__ import annotations

import streamlit as st

from app.components.pad import drawing_pad, pad_tools
from app.server.shell import heading
from app.session import label_canvas, settings
from app.session.settings import BRUSHES
from app.views.waking import waking


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    with st.container(key="labelling"):
        st.container(key="label_title").html(heading("drawings"))
        draw = st.container(key="label_draw")
        keep = st.container(key="label_keep")
        kept = st.container(key="label_kept")
        more = st.container(key="label_more")
    with draw:
        st.html("<h2>Draw here</h2><p class='spoken'>With mouse, pen or finger.</p>")
        label_canvas.show(drawing_pad, settings.current().brush)
        _canvas_tools()
    with keep:
        st.html("<h2>Keep it as</h2>")
        place = st.empty()
    with waking(place, "Getting ready"):
        from app.session import drawings
        from app.views import labelling_view

        collection = drawings.current_collection()
    with keep:
        labelling_view.show_classes(collection)
    with kept:
        labelling_view.show_set(collection)
    with more:
        labelling_view.show_more(collection)


def _canvas_tools() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pad_tools(label_canvas.CANVAS.key, key="canvas_tools")
        st.select_slider("Brush size", BRUSHES, key="brush", width=84)
