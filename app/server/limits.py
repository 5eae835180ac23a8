"""What one server allows: `limits.toml`, which explains each line."""

from __future__ import annotations

import dataclasses
import functools
import os
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
MB = 1024**2  # bytes


@dataclasses.dataclass(frozen=True)
class Limits:
    """The lines of `limits.toml`."""

    runs: Path
    checkpoints: Path
    mnist: Path
    largest_model: int
    longest_run: float
    most_runs: int
    longest_queue: int
    disk: float
    largest_image: float
    most_megapixels: float
    longest_side: int


def read_limits() -> Limits:
    """The server's limits: `limits.toml`, with the lines of the file that `GLIMPSE_LIMITS` names in place of its own.

    Raises:
        OSError, tomllib.TOMLDecodeError, TypeError: that file is missing, or has lines that are not known.
    """
    own = os.environ.get("GLIMPSE_LIMITS")
    return _read(Path(own) if own else None)


@functools.cache
def _read(own: Path | None) -> Limits:
    lines = _lines(Path(__file__).with_name("limits.toml")) | (_lines(own) if own else {})
    folders = {name: PROJECT / lines[name] for name in ("runs", "checkpoints", "mnist")}
    return Limits(**{**lines, **folders})


def _lines(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())
