"""Lets sessions compute one after the other.

Python runs one thread at a time anyway. If the threads of many sessions do not take turns, they interrupt each other
hundreds of times a drawing: with a hundred sessions, each waits seconds instead of a tenth of a second
(docs/performance.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

PATIENCE_S = 1.0

_turn = threading.Lock()


@contextlib.contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Runs the block while no other session runs one; after `patience_s` of waiting it no longer waits for them."""
    mine = _turn.acquire(timeout=patience_s)
    try:
        yield
    finally:
        if mine:
            _turn.release()
