"""Lets sessions compute one after the other.

Python runs one thread at a time anyway. If the threads of many sessions do not take turns, they interrupt each other
hundreds of times a drawing: with a hundred sessions, each waits seconds instead of a tenth of a second
(docs/performance.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from app.server import allowance

PATIENCE_S = 1.0
LONG_PATIENCE_S = 20.0

_turn = threading.Lock()
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
        _mine.held = _turn.acquire(timeout=patience_s)
        _mine.has_begun = True
        try:
            yield
        finally:
            _mine.has_begun = False
            if _mine.held:
                _turn.release()
                _mine.held = False


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Gives the turn away while the block computes something long, for which Python lets other threads run.

    One such block runs at a time, however many sessions ask for one: they take one core, and drawings have the others.
    """
    held = getattr(_mine, "held", False)
    if held:
        _turn.release()
        _mine.held = False
    alone = _aside.acquire(timeout=LONG_PATIENCE_S)
    try:
        yield
    finally:
        if alone:
            _aside.release()
        if held:
            _mine.held = _turn.acquire(timeout=PATIENCE_S)
