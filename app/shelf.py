"""Pictures of all sessions, kept in the server's memory so that a reload or a link brings them back."""

from __future__ import annotations

import secrets
import threading
from typing import Any, NamedTuple

import streamlit as st

from app.scene import Floats

CAPACITY = 1000  # pictures, about 20 kB each


class Kept(NamedTuple):
    """A picture and the strokes it was drawn with, if it was."""

    image: Floats
    origin: str
    strokes: list[dict[str, Any]]


class Shelf:
    """Holds the last pictures under names that nobody can guess; the oldest make room."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._lock = threading.Lock()

    def put(self, kept: Kept) -> str:
        """Keeps a picture and returns its name."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[name] = kept
            while len(self._kept) > CAPACITY:
                del self._kept[next(iter(self._kept))]
        return name

    def get(self, name: str) -> Kept | None:
        """The picture of that name, unless it had to make room or the server was restarted."""
        return self._kept.get(name)


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The server's one shelf."""
    return Shelf()
