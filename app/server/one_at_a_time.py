"""Lets sessions compute one after the other.

Python runs one thread at a time anyway. If the threads of many sessions do not take turns, they interrupt each other
hundreds of times a drawing: with a hundred sessions, each waits seconds instead of a tenth of a second
(docs/performance.md). What takes long goes on in pieces, between the turns of those who draw.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

PATIENCE_S = 1.0
LONG_PATIENCE_S = 0.2  # A piece of long work waits no longer: where somebody always draws, it would never be done.
ASIDE_S = 0.001  # enough for a waiting thread to take the lock, which nobody hands over

Piece = TypeVar("Piece")

_turn = threading.Lock()
_counting = threading.Lock()
_waiting = 0


@contextlib.contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Runs the block while no other session runs one; after `patience_s` of waiting it no longer waits for them."""
    _count(1)
    try:
        mine = _turn.acquire(timeout=patience_s)
    finally:
        _count(-1)
    try:
        yield
    finally:
        if mine:
            _turn.release()


def piecewise(work: Iterable[Piece]) -> Iterator[Piece]:
    """Does long work piece by piece, each in a turn of its own, which everybody gets who waits for one.

    To be used outside of a turn. A piece should take some milliseconds.
    """
    pieces = iter(work)
    while True:
        with _turn_after_the_others():
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


@contextlib.contextmanager
def _turn_after_the_others() -> Iterator[None]:
    until = time.monotonic() + LONG_PATIENCE_S
    while _waiting and time.monotonic() < until:
        time.sleep(ASIDE_S)
    with turn():
        yield


def _count(by: int) -> None:
    global _waiting  # noqa: PLW0603, one for all sessions, as the lock
    with _counting:
        _waiting += by
