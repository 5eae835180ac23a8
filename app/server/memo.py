"""Keeps results for whoever asks next, as many bytes as it may: whoever has made most of them gives way first."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from app.server.allowance import this_session

Result = TypeVar("Result")


class _Entry(NamedTuple):
    result: Any
    size: int
    owner: str


class Memo:
    """Results under what they follow from.

    Args:
        capacity: bytes of all of them together.
        owner: says for whom the next result is made.
    """

    def __init__(self, capacity: float, owner: Callable[[], str] = this_session) -> None:
        self._capacity = capacity
        self._owner = owner
        self._entries: dict[Hashable, _Entry] = {}  # the least recently used first
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Result], size: Callable[[Result], int]) -> Result:
        """The result of that key, made only if nobody has made it, or if it had to give way.

        Args:
            key: all that the result follows from.
            make: makes the result.
            size: says how many bytes a result takes.
        """
        with self._lock:
            if (entry := self._entries.pop(key, None)) is not None:
                self._entries[key] = entry
                return entry.result
        result = make()
        with self._lock:
            self._entries[key] = _Entry(result, size(result), self._owner())
            self._make_room()
        return result

    def _make_room(self) -> None:
        """Lets the oldest go of whoever has most, until there is room: nobody can drive out all that others have."""
        taken: collections.Counter[str] = collections.Counter()
        for entry in self._entries.values():
            taken[entry.owner] += entry.size
        while taken.total() > self._capacity:
            ((greediest, _),) = taken.most_common(1)
            oldest = next(key for key, entry in self._entries.items() if entry.owner == greediest)
            taken[greediest] -= self._entries.pop(oldest).size
