"""What the sessions have made, kept in the server's memory, so that a reload or a link brings it back.

All of it is counted in bytes. A session that puts down much takes the place of what it has put down itself; when it
ends, only the last remains, which its address names, and what somebody else has opened.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import streamlit as st

from app.look.picture import Picture
from app.server.limits import MB, read_limits

if TYPE_CHECKING:
    from ram.data.collection import Collection

SHARE = 1 / 8  # of a shelf that one session may take
OVERHEAD = 1000  # bytes of the objects around what is kept

Item = TypeVar("Item")


class Kept(NamedTuple):
    """A picture, and the strokes if it was drawn."""

    picture: Picture
    strokes_json: str
    """As text: parsed, they would take ten times as much."""

    @property
    def strokes(self) -> list[dict[str, Any]]:
        """What the canvas reported."""
        strokes: list[dict[str, Any]] = json.loads(self.strokes_json)
        return strokes

    @property
    def size(self) -> int:
        """In bytes."""
        return self.picture.image.nbytes + len(self.strokes_json)


@dataclasses.dataclass
class _Entry(Generic[Item]):
    item: Item
    size: int
    owner: str
    is_shared: bool = False


class Shelf(Generic[Item]):
    """Holds things under names that nobody can guess; the least recently used make room for new ones.

    Args:
        capacity: bytes of all things together.
    """

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity
        self._kept: dict[str, _Entry[Item]] = {}
        """The least recently used first, as in `_names`."""
        self._names: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """What each owner has there."""
        self._taken: Counter[str] = Counter()
        """Bytes, by owner."""
        self._lock = threading.Lock()

    def put(self, item: Item, size: int, owner: str) -> str:
        """Keeps something of `size` bytes for a session and returns its name."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[name] = _Entry(item, size + OVERHEAD, owner)
            self._taken[owner] += size + OVERHEAD
            own = self._names[owner]
            own[name] = None
            while self._taken[owner] > SHARE * self._capacity:
                self._drop(next(iter(own)))
            while self._taken.total() > self._capacity:
                self._drop(next(iter(self._kept)))
        return name

    def get(self, name: str, asker: str = "") -> Item | None:
        """What has that name; None if it had to make room, or the server was restarted since."""
        with self._lock:
            if name not in self._kept:
                return None
            entry = self._kept[name] = self._kept.pop(name)
            own = self._names[entry.owner]
            own[name] = own.pop(name)
            entry.is_shared |= entry.owner != asker
            return entry.item

    def leave(self, owner: str) -> None:
        """Lets go what a session that ends has put down, except the last and what others have opened."""
        with self._lock:
            own = [name for name in self._names.get(owner, ()) if not self._kept[name].is_shared]
            for name in own[:-1]:
                self._drop(name)

    def _drop(self, name: str) -> None:
        entry = self._kept.pop(name)
        own = self._names[entry.owner]
        del own[name]
        self._taken[entry.owner] -= entry.size
        if not own:
            del self._names[entry.owner], self._taken[entry.owner]


@st.cache_resource(show_spinner=False)
def pictures() -> Shelf[Kept]:
    """The server's one shelf of pictures."""
    return Shelf(read_limits().kept_pictures * MB)


@st.cache_resource(show_spinner=False)
def collections() -> Shelf[Collection]:
    """The server's one shelf of own drawings."""
    return Shelf(read_limits().kept_drawings * MB)


def _end(owner: str) -> None:
    for shelf in (pictures(), collections()):
        shelf.leave(owner)


@st.cache_resource(scope="session", on_release=_end, show_spinner=False)
def this_session() -> str:
    """What the shelves call this session; Streamlit lets go of it when the session ends."""
    return secrets.token_urlsafe(9)
