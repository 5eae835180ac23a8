"""What `streamlit run` starts: the server. It loads PyTorch at once, so that the first visitor need not wait for it."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import AsyncIterator

import streamlit as st

from app.server.shell import routes

# Seconds after which Python's threads take turns. While one imports, the usual 5 ms would halve the page's speed.
BRIEF = 0.0002


@contextlib.asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Runs beside the server, and does not keep it from answering."""
    threading.Thread(target=_load, daemon=True).start()
    yield


def _load() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(BRIEF)
    try:
        importlib.import_module("app.look.looking")
        importlib.import_module("ram.machine").share_arenas()
    finally:
        sys.setswitchinterval(usual)


app = st.App("frame.py", lifespan=warm_up, routes=routes())
