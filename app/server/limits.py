"""What one server allows: `limits.toml`, which explains each line."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MB = 1024**2  # bytes
LONGEST_DESCRIPTION = 500_000  # bytes; most checkpoints' has 5 kB, and a thousand classes with long names need so many
LARGEST_COLLECTION = 2  # megabytes of a file of drawings; the same as in ram.data.collection, which imports PyTorch


@dataclasses.dataclass(frozen=True)
class Limits:
    """The lines of `limits.toml`."""

    runs: Path
    largest_model: int
    longest_run: float
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

    @property
    def largest_checkpoint(self) -> int:
        """Bytes of a model's file: its parameters, and what it says about itself."""
        return 4 * self.largest_model + LONGEST_DESCRIPTION

    @property
    def largest_upload(self) -> int:
        """Megabytes of the largest file that is taken anywhere."""
        return math.ceil(max(self.largest_image, LARGEST_COLLECTION, self.largest_checkpoint / MB))


def read_limits() -> Limits:
    """The server's limits.

    Raises:
        OSError, tomllib.TOMLDecodeError, TypeError: the file is missing, or not of its form.
    """
    return _read(Path(os.environ.get("GLIMPSE_LIMITS") or Path(__file__).with_name("limits.toml")))


@functools.cache
def _read(path: Path) -> Limits:
    lines = tomllib.loads(path.read_text())
    return Limits(**{**lines, "runs": PROJECT / lines["runs"]})
