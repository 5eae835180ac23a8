"""The Train page: what to train on the left, on the right the runs of this server."""

from __future__ import annotations

import streamlit as st

from app.server.shell import heading
from app.views.waking import waking


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    with st.container(key="workshop"):
        st.container(key="workshop-title").html(heading("train"))
        setup = st.container(key="setup")
        stage = st.container(key="stage-of-runs")
    with stage:
        place = st.empty()
    with waking(place, "Waking PyTorch"):
        from app.runs.jobs import jobs
        from app.views import new_run, runs_view

        runs = jobs()
    with setup:
        new_run.show(runs)
    with stage:
        runs_view.show(runs)
