"""What `streamlit run` starts: the server. It imports PyTorch at once, so that nobody has to wait."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import AsyncIterator

import streamlit as st

from app.components import scripts
from app.components.pad import engine
from app.server.shell import routes

# Seconds after which Python switches threads. While one imports, the usual 5 ms would halve the page's speed.
BRIEF = 0.0002


@contextlib.asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Imports PyTorch beside the server, which answers meanwhile."""
    threading.Thread(target=_load, daemon=True).start()
    yield


def _load() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(BRIEF)
    try:
        for module in ("app.look.looking", "app.look.hardest", "app.runs.jobs"):
            importlib.import_module(module)
        importlib.import_module("ram.machine").share_arenas()
    finally:
        sys.setswitchinterval(usual)


canvas = [*scripts("pad"), *scripts("pad_tools"), engine()]
early = {
    "draw": [*canvas, *scripts("viewer"), *scripts("gallery")],
    "drawings": [*canvas, *scripts("classes")],
    "train": scripts("learning"),
}
app = st.App("frame.py", lifespan=warm_up, routes=routes(early, scripts("history")))
