"""Processes that tests start: waiting for them and ending them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ram.training.run_folder import RunFolder

Found = TypeVar("Found")


def wait_until(condition: Callable[[], Found], *, seconds: float = 60.0) -> Found:
    """Asks again and again until the answer is true, and returns it.

    Raises:
        AssertionError: `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so after {seconds:g} seconds"
        time.sleep(0.05)
    return answer


def end_runs(runs: Path) -> None:
    """Kills what still trains in a folder of runs: runs outlive their server."""
    for path in runs.glob("*/"):
        if holder := RunFolder(path).holder():
            os.kill(holder, signal.SIGKILL)
