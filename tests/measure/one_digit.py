"""How often one digit is taken for two, and two for one: python -m tests.measure.one_digit [pendigits-training.npz]

One digit: the MNIST test digits, all ways of writing of `pen_digits`, and, if their file is named, real pen strokes.
Two: pairs of these ways of writing side by side, with paper between their boxes. Prints a Markdown table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ram.data.drawing import prepare_placed_drawing
from ram.data.mnist import load_mnist
from tests.measure.allographs import CLEAN, HELD_OUT, IDIOSYNCRATIC
from tests.measure.pen_digits import BRUSHES, CANVAS_SIZE, Path2D, allographs, place_strokes, render, write

WAYS = allographs(CLEAN, IDIOSYNCRATIC, HELD_OUT)
EACH, PAIRS = 5, 900


def single(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Each way of writing with each brush."""
    for way in WAYS:
        for brush in BRUSHES:
            for _ in range(EACH):
                size = rng.uniform(max(60, 4.5 * brush), min(260, CANVAS_SIZE - brush - 4))
                yield render(place_strokes(write(way, rng), float(size), brush, rng), brush)


def pairs(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Two ways of writing, about equally large, with paper between their boxes."""
    for _ in range(PAIRS):
        brush, left, drawn = int(rng.choice(BRUSHES[:2])), 14.0, []
        for way in rng.choice(len(WAYS), 2):
            strokes = write(WAYS[way], rng)
            low, high = (pick([pick(s, axis=0) for s in strokes], axis=0) for pick in (np.min, np.max))
            scale = min(rng.uniform(105, 150) / (high - low)[1], 105 / (high - low)[0])
            drawn += [(stroke - low) * scale + (left, rng.uniform(60, 80)) for stroke in strokes]
            left += (high - low)[0] * scale + brush * rng.uniform(1.3, 2.5)
        yield render(drawn, brush)


def real(file: Path, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Real strokes, on the canvas as the file's own description says."""
    content = np.load(file)
    strokes = iter(np.split(content["xy"], np.cumsum(content["points"])[:-1]))
    for count in content["strokes"]:
        yield render([dense(52 + 176 * next(strokes) / 1000) for _ in range(count)], int(rng.choice(BRUSHES)))


def dense(path: np.ndarray) -> Path2D:
    """The same line with a point every two pixels."""
    along = np.concatenate([[0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    steps = np.linspace(0, along[-1], int(along[-1] / 2) + 2)
    return np.stack([np.interp(steps, along, path[:, axis]) for axis in (0, 1)], axis=1)


def main() -> None:
    """Prints the table."""
    kinds = {
        "MNIST test digits": iter(load_mnist("test").images.numpy()),
        "ways of writing": single(np.random.default_rng(0)),
        "pairs": pairs(np.random.default_rng(0)),
    }
    if sys.argv[1:]:
        kinds["real pen strokes"] = real(Path(sys.argv[1]), np.random.default_rng(0))
    print("| | drawings | taken for more than one |\n|---|--:|--:|")
    for name, drawings in kinds.items():
        several = [not prepare_placed_drawing(drawing).is_one for drawing in drawings]
        print(f"| {name} | {len(several):,} | {sum(several):,} |", flush=True)


if __name__ == "__main__":
    main()
