"""Lets sessions compute one after the other, those first that have computed least lately.

Python runs one thread at a time anyway. If the threads of many sessions do not take turns, they interrupt each other
hundreds of times a drawing: with a hundred sessions, each waits seconds instead of a tenth of a second
(docs/performance.md).
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

from app.server import allowance

PATIENCE_S = 1.0
LONG_PATIENCE_S = 20.0


class Turns:
    """A lock that goes to the one with the lowest rank of those who wait, and among equals to the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: dict[threading.Event, tuple[float, int]] = {}
        self._numbers = itertools.count()

    def acquire(self, rank: float, timeout: float) -> bool:
        """Waits for the lock, and returns whether it was given within so many seconds."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting[mine] = (rank, next(self._numbers))
        if mine.wait(timeout):
            return True
        with self._lock:
            return self._waiting.pop(mine, None) is None  # it may have been given just now

    def release(self) -> None:
        """Gives the lock to the next one."""
        with self._lock:
            if self._waiting:
                following = min(self._waiting, key=self._waiting.__getitem__)
                del self._waiting[following]
                following.set()
            else:
                self._is_taken = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._is_taken


_turn = Turns()
_aside = threading.Lock()
_mine = threading.local()


@contextlib.contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Runs the block while no other session runs one; after `patience_s` of waiting it no longer waits for them.

    A session that has computed much lately waits before that, with the turn left to others. A turn within a turn, as
    of a fragment that is drawn with the whole page, is part of it.
    """
    if getattr(_mine, "has_begun", False):
        yield
        return
    with allowance.kept():
        _mine.held = _turn.acquire(allowance.rank(), patience_s)
        _mine.has_begun = True
        try:
            yield
        finally:
            _mine.has_begun = False
            if _mine.held:
                _turn.release()
                _mine.held = False


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Gives the turn away while the block waits for another process."""
    held = getattr(_mine, "held", False)
    if held:
        _turn.release()
        _mine.held = False
    try:
        yield
    finally:
        if held:
            _mine.held = _turn.acquire(allowance.rank(), PATIENCE_S)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Gives the turn away while the block computes something long, for which Python lets other threads run.

    One such block runs at a time, however many sessions ask for one: they take one core, and drawings have the others.
    """
    with elsewhere():
        alone = _aside.acquire(timeout=LONG_PATIENCE_S)
        try:
            yield
        finally:
            if alone:
                _aside.release()
