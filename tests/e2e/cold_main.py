"""The app without its warm-up: the first visitor meets a server that has not imported PyTorch."""

from __future__ import annotations

import streamlit as st

from app.main import kept
from tests.servers import ROOT

app = st.App(ROOT / "app/frame.py", middleware=[kept])
