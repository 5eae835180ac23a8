"""What the sessions have made, kept in the server's memory, so that a reload or a link brings it back."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import streamlit as st

from app.look.picture import Picture

if TYPE_CHECKING:
    from ram.data.collection import Collection

CAPACITY = 1000  # pictures, about 20 kB each
COLLECTIONS_CAPACITY = 256 * 1024**2  # bytes; a set of a hundred drawings has 80 kB, and each change is a new one

Item = TypeVar("Item")


class Kept(NamedTuple):
    """A picture, and the strokes if it was drawn."""

    picture: Picture
    strokes: list[dict[str, Any]]


class Shelf(Generic[Item]):
    """Holds things under names that nobody can guess; the least recently used make room for new ones."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken = 0
        self._kept: dict[str, tuple[Item, int]] = {}
        self._lock = threading.Lock()

    def put(self, item: Item, size: int = 1) -> str:
        """Keeps something that takes `size` of the capacity and returns its name."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[name] = item, size
            self._taken += size
            while self._taken > self._capacity:
                self._taken -= self._kept.pop(next(iter(self._kept)))[1]
        return name

    def get(self, name: str) -> Item | None:
        """What has that name; None if it had to make room, or the server was restarted since."""
        with self._lock:
            if name not in self._kept:
                return None
            self._kept[name] = self._kept.pop(name)
            return self._kept[name][0]


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf[Kept]:
    """The server's one shelf of pictures."""
    return Shelf(CAPACITY)


@st.cache_resource(show_spinner=False)
def collections() -> Shelf[Collection]:
    """The server's one shelf of own drawings."""
    return Shelf(COLLECTIONS_CAPACITY)
