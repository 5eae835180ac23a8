"""How digits on squared and lined paper are read: python -m tests.measure.paper checkpoints/mnist.safetensors

Ways of writing of `pen_digits` on 60 sheets of each kind, the lines as straight as a scanner sees them. Prints a
Markdown table: how many uploads are refused, and how many of the others are read wrong or with less than one half.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

from ram import load_checkpoint
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


def sheet(kind: str, rng: np.random.Generator) -> np.ndarray:
    """A blank sheet of this kind."""
    side = CANVAS_SIZE * SCALE
    paper = np.full((side, side, 3), (250, 249, 245), np.uint8)
    step, start, thick = int(rng.integers(24, 54)), int(rng.integers(5, 20)), int(rng.integers(1, 3))
    colour = FAINT if "faint" in kind else BLUE
    for at in range(start, side - thick, step):
        if "rows" in kind:
            paper[at : at + thick] = colour
        if "columns" in kind:
            paper[:, at : at + thick] = colour
    if "margin" in kind:
        at = int(rng.integers(26, 80))
        paper[:, at : at + thick] = RED
    return paper


def scans(kind: str) -> tuple[list[np.ndarray], list[int]]:
    """The sheets with a digit each, and which."""
    rng, ways = np.random.default_rng(0), allographs(CLEAN)
    found, digits = [], []
    for _ in range(SHEETS):
        way, size = ways[rng.integers(len(ways))], float(rng.uniform(110, 220))
        ink = render(place_strokes(write(way, rng), size, 12, rng), 12)[..., :1] / 255
        ink = ((ink - ink.min()) / np.ptp(ink)).repeat(SCALE, 0).repeat(SCALE, 1)
        paper = sheet(kind, rng)
        found.append(
            (paper * (1 - ink) + np.array([40, 40, 70]) * ink + rng.normal(0, 2, paper.shape))
            .clip(0, 255)
            .astype(np.uint8)
        )
        digits.append(way.digit)
    return found, digits


def main() -> None:
    """Prints the table."""
    model = load_checkpoint(sys.argv[1])
    print("| paper | sheets | refused | wrong or unsure |\n|---|--:|--:|--:|")
    for name, kind in KINDS.items():
        images, wanted, refused = [], [], 0
        for scan, digit in zip(*scans(kind), strict=True):
            try:
                check_is_drawing(scan)
            except DrawingError:
                refused += 1
                continue
            images.append(prepare_drawing(scan))
            wanted.append(digit)
        bad = 0
        if images:
            probabilities = look(model, torch.from_numpy(np.stack(images)))[0]
            bad = int(((probabilities.argmax(axis=1) != wanted) | (probabilities.max(axis=1) < 0.5)).sum())
        print(f"| {name} | {SHEETS} | {refused} | {bad} |", flush=True)


if __name__ == "__main__":
    main()
