"""A helper that does what it is told; `test_helper.py` asks it."""

from __future__ import annotations

import os
import signal
import time

from app.server.helper import serve

MEMORY = 100_000_000  # bytes


def answer(question: bytes) -> bytes:
    """Does what the first word says; says the rest of it again."""
    word, _, rest = question.partition(b" ")
    match word:
        case b"who":
            return str(os.getpid()).encode()
        case b"sleep":
            time.sleep(600)
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"fail":
            raise RuntimeError("an odd question")
        case b"take":
            return str(len(bytes(int(rest)))).encode()
        case b"compute":
            until = time.process_time() + float(rest)
            while time.process_time() < until:
                pass
    return rest


if __name__ == "__main__":
    serve(answer, memory=MEMORY)
