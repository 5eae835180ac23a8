"""What `streamlit run` starts: the server. It imports PyTorch at once, so that nobody has to wait."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import AsyncIterator

import streamlit as st
from streamlit import config

from app.components import scripts
from app.server.limits import read_limits
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


# From the one file of limits: Streamlit's own settings would say something else as soon as either is changed.
config.set_option("server.maxUploadSize", read_limits().largest_upload)
config.set_option("server.maxWidgetStateSize", read_limits().largest_message)

early = {"draw": [*scripts("viewer"), *scripts("gallery")], "train": scripts("learning")}
app = st.App("frame.py", lifespan=warm_up, routes=routes(early))
