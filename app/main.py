"""What `streamlit run` starts: the server, which loads PyTorch while the first visitor's browser loads the page."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator

import streamlit as st


@contextlib.asynccontextmanager
async def _warm_up(_app: st.App) -> AsyncIterator[None]:
    threading.Thread(target=_load, daemon=True).start()
    yield


def _load() -> None:
    import ram.model  # noqa: F401


app = st.App("frame.py", lifespan=_warm_up)
