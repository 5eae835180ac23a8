"""What one server allows: `limits.toml`, which explains each line."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
MB = 1024**2  # bytes
LONGEST_DESCRIPTION = 500_000  # bytes; most checkpoints need 5,000, a thousand classes with long names all of them
LARGEST_COLLECTION = 2  # megabytes of a file of drawings; the same as in ram.data.collection, which imports PyTorch


@dataclasses.dataclass(frozen=True)
class Limits:
    """The lines of `limits.toml`."""

    runs: Path
    checkpoints: Path
    mnist: Path
    largest_model: int
    largest_look: float
    longest_run: float
    training_memory: float
    most_runs: int
    longest_queue: int
    disk: float
    largest_message: int
    largest_image: float
    most_megapixels: float
    longest_side: int
    longest_drawing: float
    kept_pictures: float
    kept_drawings: float
    kept_steps: float
    most_visitors: int
    hosts: tuple[str, ...]
    frames: tuple[str, ...]

    @property
    def largest_checkpoint(self) -> int:
        """Bytes of a model's file: its parameters, and what it says about itself."""
        return 4 * self.largest_model + LONGEST_DESCRIPTION

    @property
    def largest_upload(self) -> int:
        """Megabytes of the largest file that is taken anywhere."""
        return math.ceil(max(self.largest_image, LARGEST_COLLECTION, self.largest_checkpoint / MB))


def read_limits() -> Limits:
    """The server's limits: `limits.toml`, with the lines of the file that `GLIMPSE_LIMITS` names in place of its own.

    Raises:
        OSError, tomllib.TOMLDecodeError, TypeError: that file is missing, or has lines that are not known.
    """
    return _read(os.environ.get("GLIMPSE_LIMITS"))


@functools.cache
def _read(own: str | None) -> Limits:
    lines = _lines(Path(__file__).with_name("limits.toml")) | (_lines(Path(own)) if own else {})
    folders = {name: PROJECT / lines[name] for name in ("runs", "checkpoints", "mnist")}
    lists = {name: tuple(line) for name, line in lines.items() if isinstance(line, list)}
    return Limits(**{**lines, **lists, **folders})


def _lines(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
