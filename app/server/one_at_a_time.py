"""One session after the other.

Python computes in one thread at a time anyway. When the threads of many sessions compete for it, they take it from
each other hundreds of times a drawing: of a hundred sessions, each then waits seconds instead of a tenth of one
(docs/performance.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

PATIENCE_S = 1.0

_turn = threading.Lock()


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Computes while no other session does; waits for that no longer than `PATIENCE_S`, in case one takes long."""
    mine = _turn.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        if mine:
            _turn.release()
