"""How well checkpoints read drawings: python -m tests.measure.pen_digits checkpoints/mnist.safetensors

Digits as people draw them with a mouse or a finger: every digit in several ways of writing it, each way by many
simulated writers, on the app's canvas with its brushes, prepared as the app prepares a drawing. A person can read
them all: no digit is so small that its brush fills its loops, so the thickest brush draws no small ones. The model
looks with mean locations, a random first glimpse and three seeds; the last glimpse decides.

These drawings are never used for training, but they showed what to train for. Those of --held-out, other ways of
writing, did not.

Prints Markdown tables of the accuracy in percent and the expected calibration error, one column a checkpoint.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageColor, ImageDraw

from app.look.light import DARK_FIELD
from ram import RAM, load_checkpoint, prepare_drawing
from tests.measure.allographs import CLEAN, HELD_OUT, IDIOSYNCRATIC

CANVAS_SIZE, PAPER, INK = 280, DARK_FIELD, "#ffffff"  # as in app/session/canvas.py, which needs a server
BRUSHES = (12, 20, 28)  # canvas pixels, as are all sizes
SIZES = (60, 100, 180, 260)  # limits of the size classes; a size is the longer side of the pen's path
LEAST_BRUSHES = 4.5  # A digit smaller than so many brush widths is a blot that nobody reads.
FINE = 4  # The canvas is rendered at this many times its resolution.
SEEDS = 3
BINS = 15  # of the expected calibration error
WORST = 12  # ways of writing in the second table

Path2D = Float[np.ndarray, "points 2"]


class Allograph(NamedTuple):
    """One way of writing a digit."""

    digit: int
    name: str
    strokes: str
    clean: bool

    @property
    def label(self) -> str:
        return f"{self.digit} {self.name}"


class Drawing(NamedTuple):
    """What one writer drew."""

    allograph: Allograph
    brush: int
    size: float
    image: Float[np.ndarray, "28 28"]


def allographs(*kinds: dict[int, dict[str, str]]) -> list[Allograph]:
    """All of these kinds, digit by digit."""
    return [
        Allograph(digit, name, strokes, ways is CLEAN)
        for digit in range(10)
        for ways in kinds
        for name, strokes in ways[digit].items()
    ]


def drawn(drawings: list[Drawing]) -> list[Allograph]:
    """The allographs that occur, in their order."""
    return list(dict.fromkeys(drawing.allograph for drawing in drawings))


def draw_all(ways: list[Allograph], count: int, seed: int) -> Iterator[Drawing]:
    """Draws every allograph `count` times with every brush; equal arguments give equal drawings."""
    for allograph in ways:
        for brush in BRUSHES:
            rng = np.random.default_rng([seed, brush, *allograph.label.encode()])
            for _ in range(count):
                least, most = max(SIZES[0], LEAST_BRUSHES * brush), min(SIZES[-1], CANVAS_SIZE - brush - 4)
                size = float(np.exp(rng.uniform(np.log(least), np.log(most))))
                strokes = place_strokes(write(allograph, rng), size, brush, rng)
                yield Drawing(allograph, brush, size, prepare_drawing(render(strokes, brush)))


def write(allograph: Allograph, rng: np.random.Generator) -> list[Path2D]:
    """The strokes of one writer, about one unit large."""
    strength = 1 if allograph.clean else 1.4
    strokes = [_write_stroke(text, strength, rng) for text in allograph.strokes.split(" / ")]
    # Uniform, not normal: nobody writes so that he cannot be read.
    angle, slant, stretch = rng.uniform(-1, 1, 3) * (0.09, 0.15, 0.1) * strength
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    form = turn @ np.array([[1, -slant - 0.05], [0, 1]]) @ np.diag(np.exp([stretch, -stretch]))
    return [stroke @ form.T for stroke in strokes]


def _write_stroke(text: str, strength: float, rng: np.random.Generator) -> Path2D:
    words = text.split()
    points = np.array([[int(number) for number in word.rstrip("!").split(",")] for word in words]) / 100
    closed = np.array_equal(points[0], points[-1])
    shape = points + rng.uniform(-0.02, 0.02, 2) + rng.uniform(-0.02, 0.02, points.shape) * strength
    if closed:
        shape[-1] = shape[0]
    path = _curve(shape, [index for index, word in enumerate(words) if word.endswith("!")])
    # Negative: the pen stops short. A loop that should close is left a little open.
    overshoot = rng.uniform(-0.04, 0.04, 2) * strength - (0, closed * rng.uniform(0, 0.06))
    path = _move_end(_move_end(path, overshoot[1])[::-1], overshoot[0])[::-1]
    drift = _wobble(path, 0.012 * strength, (0.7, 2), rng)
    tremor = _wobble(path, 0.0035 * strength, (0.08, 0.25), rng)
    return path + drift + tremor


def _curve(points: Path2D, corners: list[int]) -> Path2D:
    """A centripetal Catmull-Rom curve through the points, in parts from corner to corner, at even steps."""
    limits = sorted({0, *corners, len(points) - 1})
    parts = [_smooth(points[start : end + 1]) for start, end in pairwise(limits)]
    path = np.concatenate(parts)
    along = _lengths(path)
    steps = np.linspace(0, along[-1], int(along[-1] / 0.01) + 2)
    return np.stack([np.interp(steps, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _smooth(points: Path2D) -> Path2D:
    knots = np.concatenate([[0], np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1)).cumsum()])
    slopes = np.gradient(points, knots, axis=0, edge_order=2 if len(points) > 2 else 1)
    index, t = (grid.ravel()[:, None] for grid in np.mgrid[0 : len(points) - 1, 0:1:16j])
    left = index.astype(int).squeeze(axis=1)
    gap = np.diff(knots)[left][:, None]
    start, end = points[left], points[left + 1]
    # Cubic Hermite basis.
    return (
        (1 + 2 * t) * (1 - t) ** 2 * start
        + t * (1 - t) ** 2 * gap * slopes[left]
        + t * t * (3 - 2 * t) * end
        + t * t * (t - 1) * gap * slopes[left + 1]
    )


def _lengths(path: Path2D) -> Float[np.ndarray, " points"]:
    return np.concatenate([[0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])


def _move_end(path: Path2D, overshoot: float) -> Path2D:
    steps = round(overshoot / 0.01)
    if steps <= 0:
        return path[: len(path) + max(steps, -len(path) // 5)]
    ahead = path[-1] - path[-4]
    return np.concatenate([path, path[-1] + np.arange(1, steps + 1)[:, None] * ahead / 3])


def _wobble(path: Path2D, amplitude: float, wavelengths: tuple[float, float], rng: np.random.Generator) -> Path2D:
    waves = rng.uniform(*wavelengths, (3, 2))
    phases = _lengths(path)[:, None, None] / waves + rng.uniform(0, 1, (3, 2))
    return (rng.uniform(0, 2 * amplitude, (3, 2)) * np.sin(2 * np.pi * phases)).sum(axis=1)


def place_strokes(strokes: list[Path2D], size: float, brush: int, rng: np.random.Generator) -> list[Path2D]:
    """Brings the strokes to this size and puts them anywhere on the canvas where the brush does not leave it."""
    low, high = np.min([s.min(axis=0) for s in strokes], axis=0), np.max([s.max(axis=0) for s in strokes], axis=0)
    scale = size / (high - low).max()
    margin = brush / 2 + 1
    corner = rng.uniform(margin, CANVAS_SIZE - margin - (high - low) * scale)
    return [(stroke - low) * scale + corner for stroke in strokes]


def render(strokes: list[Path2D], brush: int) -> UInt8[np.ndarray, "height width 3"]:
    """The canvas with these strokes: antialiased lines with round ends."""
    side = CANVAS_SIZE * FINE
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    radius = brush * FINE / 2
    for stroke in strokes:
        for x, y in (stroke * FINE).tolist():
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    ink = np.asarray(mask.reduce(FINE), dtype=np.float32)[..., None] / 255
    paper, colour = (np.array(ImageColor.getrgb(name), np.float32) for name in (PAPER, INK))
    return (paper + ink * (colour - paper)).round().astype(np.uint8)


@torch.inference_mode()
def look(model: RAM, images: Float[torch.Tensor, "batch 28 28"]) -> Float[np.ndarray, "seeds batch classes"]:
    """The class probabilities after the last glimpse, for every seed."""
    device = next(model.parameters()).device
    found = []
    for seed in range(SEEDS):
        generator = torch.Generator(device).manual_seed(seed)
        parts = [
            model.rollout(part, sample_locations=False, generator=generator).class_probs[:, -1]
            for part in images.to(device).split(1000)
        ]
        found.append(torch.cat(parts).cpu().numpy())
    return np.stack(found)


def calibration_error(probs: np.ndarray, right: Bool[np.ndarray, "seeds batch"]) -> float:
    """Expected calibration error in percent: the mean gap between confidence and accuracy, over equal bins."""
    confidence = probs.max(axis=-1).ravel()
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, confidence - right.ravel(), minlength=BINS)
    return float(100 * np.abs(gaps).sum() / confidence.size)


def groups(drawings: list[Drawing]) -> dict[str, Bool[np.ndarray, " batch"]]:
    """Which drawings belong to each row of the table."""
    clean = np.array([drawing.allograph.clean for drawing in drawings])
    brushes = np.array([drawing.brush for drawing in drawings])
    sizes = np.array([drawing.size for drawing in drawings])
    digits = np.array([drawing.allograph.digit for drawing in drawings])
    return {
        "all": np.ones(len(drawings), dtype=bool),
        "clean": clean,
        "idiosyncratic": ~clean,
        **{f"brush {brush}": brushes == brush for brush in BRUSHES},
        **{f"{least} to {most} px": (sizes >= least) & (sizes < most) for least, most in pairwise(SIZES)},
        **{f"digit {digit}": digits == digit for digit in range(10)},
    }


def measure(model: RAM, drawings: list[Drawing]) -> dict[str, Any]:
    """Accuracy of every group, calibration, and every allograph with what it is taken for; all in percent."""
    probs = look(model, torch.from_numpy(np.stack([drawing.image for drawing in drawings])))
    answers = probs.argmax(axis=-1)
    right = answers == [drawing.allograph.digit for drawing in drawings]
    taken_for = {}
    for allograph in drawn(drawings):
        own = [index for index, drawing in enumerate(drawings) if drawing.allograph == allograph]
        taken = Counter(answers[:, own].ravel().tolist())
        shares = {str(digit): 100 * times / taken.total() for digit, times in taken.most_common()}
        taken_for[allograph.label] = shares
    return {
        "accuracy": {name: float(100 * right[:, mask].mean()) for name, mask in groups(drawings).items() if mask.any()},
        "calibration_error": calibration_error(probs, right),
        "allographs": taken_for,
    }


def as_markdown(reports: dict[str, dict[str, Any]], drawings: list[Drawing]) -> str:
    """Both tables, a column for every checkpoint."""
    rows = [["accuracy in percent", "drawings", *reports], ["---"] * (len(reports) + 2)]
    for name, mask in groups(drawings).items():
        if mask.any():
            rows.append([name, str(mask.sum()), *(f"{report['accuracy'][name]:.2f}" for report in reports.values())])
    errors = (f"{report['calibration_error']:.2f}" for report in reports.values())
    rows += [["calibration error", str(len(drawings)), *errors], [], *_worst(reports, drawn(drawings))]
    return "\n".join("| " + " | ".join(row) + " |" if row else "" for row in rows)


def _worst(reports: dict[str, dict[str, Any]], ways: list[Allograph]) -> list[list[str]]:
    rows = [["worst ways of writing", "kind", *reports], ["---"] * (len(reports) + 2)]
    for allograph in sorted(ways, key=lambda one: sum(_taken(report, one)[0] for report in reports.values())):
        cells = [_taken(report, allograph) for report in reports.values()]
        if any(others for _, others in cells):
            kind = "clean" if allograph.clean else "idiosyncratic"
            rows.append(
                [allograph.label, kind, *(f"{right:.1f} ({others or 'always read'})" for right, others in cells)]
            )
    return rows[: WORST + 2]


def _taken(report: dict[str, Any], allograph: Allograph) -> tuple[float, str]:
    """How often an allograph is read, in percent, and what else it is taken for most."""
    shares = dict(report["allographs"][allograph.label])
    right = shares.pop(str(allograph.digit), 0.0)
    return right, ", ".join(f"{digit}: {share:.1f}" for digit, share in list(shares.items())[:3])


def draw_sheet(drawings: list[Drawing], path: Path, columns: int = 12, side: int = 56) -> None:
    """Saves random drawings of every allograph, as the model gets them, in a row each."""
    rng, ways = np.random.default_rng(0), drawn(drawings)
    sheet = Image.new("L", (150 + columns * (side + 2), len(ways) * (side + 2)), 90)
    pen = ImageDraw.Draw(sheet)
    for row, allograph in enumerate(ways):
        top = row * (side + 2)
        pen.text((4, top + side // 2 - 6), allograph.label + ("" if allograph.clean else " *"), fill=255)
        own = [drawing.image for drawing in drawings if drawing.allograph == allograph]
        for column, index in enumerate(rng.permutation(len(own))[:columns]):
            image = Image.fromarray((own[index] * 255).round().astype(np.uint8))
            sheet.paste(image.resize((side, side), Image.Resampling.NEAREST), (150 + column * (side + 2), top))
    sheet.save(path)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="*", help=".safetensors files")
    parser.add_argument("--count", type=int, default=30, help="drawings of each allograph with each brush")
    parser.add_argument("--seed", type=int, default=0, help="decides the drawings")
    parser.add_argument("--held-out", action="store_true", help="the ways of writing that nothing was chosen by")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--sheet", type=Path, help="draw a contact sheet into this PNG file")
    options = parser.parse_args()
    if options.count < 1 or not (options.checkpoints or options.sheet):
        parser.error("name a checkpoint or a --sheet, and a --count of at least 1")
    models = {str(path): load_checkpoint(path) for path in options.checkpoints}
    ways = allographs(HELD_OUT) if options.held_out else allographs(CLEAN, IDIOSYNCRATIC)
    drawings = list(draw_all(ways, options.count, options.seed))
    if options.sheet:
        draw_sheet(drawings, options.sheet)
    reports = {name: measure(model, drawings) for name, model in models.items()}
    if reports:
        print(json.dumps(reports, indent=1) if options.json else as_markdown(reports, drawings))


if __name__ == "__main__":
    main()
