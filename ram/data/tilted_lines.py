"""Lines of squared or lined paper that run from edge to edge at a slight slope, as on a photograph."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int, UInt8

STEEPEST = 0.11  # Of a picture's side that a line may rise over the other: six degrees.
SAMPLES = 48  # Pixels of a line that are looked at to find it ...
LEAST = 8  # ... of which so many must lie in the picture ...
COVERED = 0.7  # ... and this part must not be paper.
MOST_LINES = 0.35  # Of a picture's rows: more are no lines on paper.
THICKEST_LINE = 0.03  # Of the picture's side.


def find_lines(off: Bool[np.ndarray, "height width"], distance: UInt8[np.ndarray, "height width"]) -> np.ndarray:
    """Finds what runs thin and straight from the left edge to the right, or the picture's end.

    Args:
        off: which pixels are no paper.
        distance: how much each differs from paper.

    Returns:
        Bool, (height, width): the lines' pixels, without strokes that cross them and differ more.
    """
    height, width = off.shape
    found = np.zeros_like(off)
    most = round(STEEPEST * width)
    if most < 1 or not (off[:, 0].any() and off[:, -1].any()):
        return found
    columns = np.linspace(0, width - 1, SAMPLES).astype(int)
    falls = range(-most, most + 1)
    covered = [_covered(off, columns, _shift(fall, width)[columns]) for fall in falls]
    # Along the right slope each row is either all line or all paper: squares tell that from a mixture.
    best = int(np.argmax([(share**2).sum() for share in covered]))
    lines = covered[best] >= COVERED
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lines, [False]]).astype(np.int8)))
    thick = max(4, THICKEST_LINE * height)
    if not lines.any() or lines.mean() > MOST_LINES or np.diff(edges)[::2].max() > thick:
        return found
    rows, shift = np.flatnonzero(lines), _shift(falls[best], width)
    strength = np.median(_along(distance, rows, columns, shift[columns]))
    # A line's edges are a mixture with paper.
    beside = np.unique(np.concatenate([rows - 1, rows, rows + 1]))
    places = beside[:, None] + shift
    inside = (places >= 0) & (places < height)
    found[places[inside], np.broadcast_to(np.arange(width), places.shape)[inside]] = True
    return found & (distance <= 1.35 * strength)


def _shift(fall: int, width: int) -> Int[np.ndarray, " width"]:
    """How much lower than in the middle a line is that falls so many pixels from the left edge to the right."""
    return np.round(fall * (np.arange(width) / max(width - 1, 1) - 0.5)).astype(int)


def _covered(off: Bool[np.ndarray, "height width"], columns: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Which part of each line along this slope is no paper; 0 where too little of it lies in the picture."""
    height = len(off)
    places = np.arange(height)[:, None] + shift
    inside = (places >= 0) & (places < height)
    values = off[places.clip(0, height - 1), columns] & inside
    count = inside.sum(axis=1)
    return np.where(count >= LEAST, values.sum(axis=1) / np.maximum(count, 1), 0)


def _along(distance: np.ndarray, rows: np.ndarray, columns: np.ndarray, shift: np.ndarray) -> np.ndarray:
    places = rows[:, None] + shift
    inside = (places >= 0) & (places < len(distance))
    return np.asarray(distance[places.clip(0, len(distance) - 1), columns][inside])
