"""Lets sessions compute one after the other.

Python runs one thread at a time anyway. If the threads of many sessions do not take turns, they interrupt each other
hundreds of times a drawing: with a hundred sessions, each waits seconds instead of a tenth of a second
(docs/performance.md). What takes long goes on in pieces, between the turns of those who draw; what cannot be cut into
pieces goes on aside.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

PATIENCE_S = 1.0
PIECE_PATIENCE_S = 0.2  # A piece of long work waits no longer: where somebody always draws, it would never be done.
LONG_PATIENCE_S = 20.0
STEP_BACK_S = 0.001  # enough for a waiting thread to take the lock, which nobody hands over

Piece = TypeVar("Piece")

_turn = threading.Lock()
_aside = threading.Lock()
_mine = threading.local()
_counting = threading.Lock()
_waiting = 0


@contextlib.contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Runs the block while no other session runs one; after `patience_s` of waiting it no longer waits for them."""
    _mine.held = _take_turn(patience_s)
    try:
        yield
    finally:
        if _mine.held:
            _turn.release()
            _mine.held = False


@contextlib.contextmanager
def aside(patience_s: float = LONG_PATIENCE_S) -> Iterator[None]:
    """Gives the turn away while the block computes something long, for which Python lets other threads run.

    One such block runs at a time, however many sessions ask for one: they take one core, and drawings have the others.
    """
    held = getattr(_mine, "held", False)
    if held:
        _turn.release()
        _mine.held = False
    alone = _aside.acquire(timeout=patience_s)
    try:
        yield
    finally:
        if alone:
            _aside.release()
        if held:
            _mine.held = _take_turn(PATIENCE_S)


def piecewise(work: Iterable[Piece]) -> Iterator[Piece]:
    """Does long work piece by piece, each in a turn of its own, which whoever else waits for a turn gets first.

    To be used outside of a turn. A piece should take some milliseconds.
    """
    pieces = iter(work)
    while True:
        _let_others_go_first()
        with turn():
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


def _let_others_go_first() -> None:
    until = time.monotonic() + PIECE_PATIENCE_S
    while _waiting and time.monotonic() < until:
        time.sleep(STEP_BACK_S)


def _take_turn(patience_s: float) -> bool:
    _count(1)
    try:
        return _turn.acquire(timeout=patience_s)
    finally:
        _count(-1)


def _count(by: int) -> None:
    global _waiting  # noqa: PLW0603, one for all sessions, as the lock
    with _counting:
        _waiting += by
