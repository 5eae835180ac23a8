"""What one server allows: `limits.toml`, which explains each line."""

from __future__ import annotations

import dataclasses
import functools
import os
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Limits:
    """The lines of `limits.toml`."""

    runs: Path
    largest_model: int
    longest_run: float
    most_runs: int
    longest_queue: int
    disk: float
    most_visitors: int
    hosts: tuple[str, ...]
    frames: tuple[str, ...]


def read_limits() -> Limits:
    """The server's limits.

    Raises:
        OSError, tomllib.TOMLDecodeError, TypeError: the file is missing, or not of its form.
    """
    return _read(Path(os.environ.get("GLIMPSE_LIMITS") or Path(__file__).with_name("limits.toml")))


@functools.cache
def _read(path: Path) -> Limits:
    lines = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = {name: tuple(line) for name, line in lines.items() if isinstance(line, list)}
    return Limits(**{**lines, **lists, "runs": PROJECT / lines["runs"]})
