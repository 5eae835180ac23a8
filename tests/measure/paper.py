"""How digits on squared and lined paper are read: python -m tests.measure.paper checkpoints/mnist.safetensors

Ways of writing of `pen_digits` on 60 sheets of each kind, the lines as straight as a scanner sees them, or tilted as on
a photograph. Prints a Markdown table: how many uploads are refused, how many of the others are read wrong or with less
than one half, and the milliseconds of a core that reading one takes.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from ram import RAM, load_checkpoint
from ram.data.drawing import DrawingError, check_is_drawing, prepare_drawing
from tests.measure.allographs import CLEAN
from tests.measure.pen_digits import CANVAS_SIZE, allographs, look, place_strokes, render, write

SHEETS, SCALE = 60, 2
BLUE, RED, FAINT = (120, 150, 215), (225, 110, 110), (215, 222, 235)
KINDS = {
    "plain": "",
    "squared": "rows columns",
    "faint squares": "rows columns faint",
    "lined": "rows",
    "lined, red margin": "rows margin",
}
TILTED, TILTS = ("squared", "lined", "lined, red margin"), (1, 3, 5)  # degrees, to either side


class Measured(NamedTuple):
    """What came of the sheets of one kind."""

    refused: int
    bad: int
    """Read wrong, or with less than one half."""
    milliseconds: float
    """That reading one takes."""


def sheet(kind: str, rng: np.random.Generator, tilt: float = 0.0) -> np.ndarray:
    """A blank sheet of this kind, tilted by so many degrees."""
    side = CANVAS_SIZE * SCALE
    if tilt:
        beyond = side // 10
        large = Image.fromarray(_straight_sheet(kind, rng, side + 2 * beyond))
        turned = large.rotate(tilt * rng.choice([-1, 1]), Image.Resampling.BICUBIC)
        return np.asarray(turned.crop((beyond, beyond, beyond + side, beyond + side)))
    return _straight_sheet(kind, rng, side)


def _straight_sheet(kind: str, rng: np.random.Generator, side: int) -> np.ndarray:
    paper = np.full((side, side, 3), (250, 249, 245), np.uint8)
    step, start, thick = int(rng.integers(24, 54)), int(rng.integers(5, 20)), int(rng.integers(1, 3))
    colour = FAINT if "faint" in kind else BLUE
    for at in range(start, side - thick, step):
        if "rows" in kind:
            paper[at : at + thick] = colour
        if "columns" in kind:
            paper[:, at : at + thick] = colour
    if "margin" in kind:
        at = side - CANVAS_SIZE * SCALE + int(rng.integers(26, 80))
        paper[:, at : at + thick] = RED
    return paper


def scans(kind: str, tilt: float = 0.0) -> tuple[list[np.ndarray], list[int]]:
    """The sheets with a digit each, and which."""
    rng, ways = np.random.default_rng(0), allographs(CLEAN)
    found, digits = [], []
    for _ in range(SHEETS):
        way, size = ways[rng.integers(len(ways))], float(rng.uniform(110, 220))
        ink = render(place_strokes(write(way, rng), size, 12, rng), 12)[..., :1] / 255
        ink = ((ink - ink.min()) / np.ptp(ink)).repeat(SCALE, 0).repeat(SCALE, 1)
        paper = sheet(kind, rng, tilt)
        found.append(
            (paper * (1 - ink) + np.array([40, 40, 70]) * ink + rng.normal(0, 2, paper.shape))
            .clip(0, 255)
            .astype(np.uint8)
        )
        digits.append(way.digit)
    return found, digits


def measure(model: RAM, kind: str, tilt: float) -> Measured:
    """Reads the sheets of one kind."""
    images, wanted, refused, seconds = [], [], 0, 0.0
    for scan, digit in zip(*scans(kind, tilt), strict=True):
        begun = time.process_time()
        try:
            check_is_drawing(scan)
            images.append(prepare_drawing(scan))
            wanted.append(digit)
        except DrawingError:
            refused += 1
        seconds += time.process_time() - begun
    bad = 0
    if images:
        probabilities = look(model, torch.from_numpy(np.stack(images)))[0]
        bad = int(((probabilities.argmax(axis=1) != wanted) | (probabilities.max(axis=1) < 0.5)).sum())
    return Measured(refused, bad, 1000 * seconds / SHEETS)


def main() -> None:
    """Prints the table."""
    model = load_checkpoint(sys.argv[1])
    print("| paper | sheets | refused | wrong or unsure | ms |\n|---|--:|--:|--:|--:|")
    straight = [(name, 0) for name in KINDS]
    for name, tilt in [*straight, *((name, tilt) for name in TILTED for tilt in TILTS)]:
        found = measure(model, KINDS[name], tilt)
        tilted = f"{name}, {tilt}°" if tilt else name
        print(f"| {tilted} | {SHEETS} | {found.refused} | {found.bad} | {found.milliseconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
