"""What checkpoints say of what is no digit: python -m tests.measure.not_digits checkpoints/mnist.safetensors

Letters and symbols in other shapes than those that models and their digit checks are fitted on
(`tests/measure/other_shapes.py`, and the letters of the font that Pillow carries), pairs of digits, scribbles and
blots, drawn on the canvas with its brushes and prepared as the app prepares a drawing; beside them drawn and MNIST
digits held back from training. In models of larger images they lie anywhere, half of them among clutter if the model
was trained with it. The model looks with mean locations and a random first glimpse, and the digit check at the drawing
alone, as in the app.

Prints a Markdown table: the share of answers, in percent, that the page is sure of by the probability alone, and with
the digit check.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from app.look.light import DARK_FIELD
from ram import RAM, load_checkpoint, prepare_drawing
from ram.checkpoints import CheckpointInfo, load_digit_check, read_info
from ram.config import DataConfig
from ram.data.clutter import centred, scatter, strew
from ram.data.mnist import as_floats, load_mnist, split_training
from ram.digit_check import SURE, DigitCheck
from ram.evaluation import pieces
from tests.measure.allographs import CLEAN, IDIOSYNCRATIC
from tests.measure.other_shapes import LETTERS, NAMED, SYMBOLS
from tests.measure.pen_digits import BRUSHES, CANVAS_SIZE, Allograph, allographs, draw_all, render, write

PAPER, INK = DARK_FIELD, "#ffffff"  # as in the app
LETTERS_OF_FONT = "ABCDEFGHJKMNPRTUVWXYabdefhkmnprtuvwxy"
SCRIBBLES, BLOTS, PAIRS, LETTERS_EACH, SHAPES_EACH, DRAWN_EACH, DIGITS = 200, 100, 200, 4, 2, 5, 2000

Canvas = UInt8[np.ndarray, "280 280 4"]


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.not_digits", description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help=".safetensors files")
    images = all_images(np.random.default_rng(0))
    print(f"| sure, percent | {' | '.join(images)} |\n|---|{'--:|' * len(images)}")
    for path in parser.parse_args().checkpoints:
        model, info, check = load_checkpoint(path), read_info(path), load_digit_check(path)
        cells = [sure(model, info, check, batch) for batch in images.values()]
        print(f"| {path.stem} | {' | '.join(f'{before:.1f} → {after:.1f}' for before, after in cells)} |", flush=True)


def all_images(rng: np.random.Generator) -> dict[str, Float[Tensor, "batch 28 28"]]:
    """The images of every kind."""
    held_back = split_training(load_mnist("train"), DataConfig())[1]
    return {
        "letters": shapes(LETTERS),
        "letters of a font": prepared([letter(name, rng) for name in LETTERS_OF_FONT for _ in range(LETTERS_EACH)]),
        "signs": shapes(NAMED),
        "other symbols": shapes(SYMBOLS),
        "pairs": torch.from_numpy(np.stack([pair(rng) for _ in range(PAIRS)])),
        "scribbles": prepared([scribble(rng) for _ in range(SCRIBBLES)]),
        "blots": prepared([blot(rng) for _ in range(BLOTS)]),
        "drawn digits": _stacked(allographs(CLEAN, IDIOSYNCRATIC), DRAWN_EACH),
        "MNIST digits": as_floats(held_back.images[:DIGITS]),
    }


@torch.inference_mode()
def sure(
    model: RAM, info: CheckpointInfo, check: DigitCheck | None, drawings: Float[Tensor, "batch 28 28"]
) -> tuple[float, float]:
    """The share of answers that the page is sure of, in percent, without and with the digit check."""
    generator = torch.Generator().manual_seed(0)
    rollout = model.rollout(laid_out(drawings, info), sample_locations=False, generator=generator)
    likely = rollout.class_probs[:, -1].amax(dim=-1) >= SURE
    found = torch.ones_like(likely)
    if check is not None:
        alone = centred(drawings, info.image_size)
        found = torch.cat([check.finds_digit(model, part) for part in alone.split(200)])
    return 100 * float(likely.float().mean()), 100 * float((likely & found).float().mean())


def laid_out(drawings: Float[Tensor, "batch 28 28"], info: CheckpointInfo) -> Float[Tensor, "batch height width"]:
    """The drawings in fields as large as the model's, every other one with its clutter."""
    generator = torch.Generator().manual_seed(1)
    placed = scatter(drawings, info.image_size, generator)
    if pieces(info):
        strew(placed[::2], load_mnist("train").images, pieces(info), generator)
    return placed


def shapes(table: dict[str, str]) -> Float[Tensor, "batch 28 28"]:
    """Each of these shapes, by some hands with every brush."""
    return _stacked([Allograph(-1, name, strokes, False) for name, strokes in table.items()], SHAPES_EACH)


def _stacked(ways: list[Allograph], count: int) -> Float[Tensor, "batch 28 28"]:
    return torch.from_numpy(np.stack([drawing.image for drawing in draw_all(ways, count, 5)]))


def pair(rng: np.random.Generator) -> Float[np.ndarray, "28 28"]:
    """Two drawn digits side by side, near or farther apart, about equally high."""
    ways, brush, right, strokes = allographs(CLEAN, IDIOSYNCRATIC), int(rng.choice(BRUSHES)), 0.0, []
    for _ in range(2):
        digit = write(ways[rng.integers(len(ways))], rng)
        low, high = (np.concatenate(digit).min(axis=0), np.concatenate(digit).max(axis=0))
        scale = rng.uniform(85, 140) / (high - low).max()
        place = np.array([right, rng.uniform(-8, 8)])
        strokes += [(stroke - low) * scale + place for stroke in digit]
        right = max(stroke[:, 0].max() for stroke in strokes) + brush + rng.uniform(-2, 25)
    low, high = (np.concatenate(strokes).min(axis=0), np.concatenate(strokes).max(axis=0))
    fit = min(1.0, (CANVAS_SIZE - brush - 4) / (high - low).max())
    return prepare_drawing(render([(one - (low + high) / 2) * fit + CANVAS_SIZE / 2 for one in strokes], brush))


def blot(rng: np.random.Generator) -> Canvas:
    """A few discs of ink over each other."""
    image, draw = _canvas()
    for x, y in rng.normal(CANVAS_SIZE / 2, 28, (rng.integers(3, 12), 2)):
        radius = rng.uniform(12, 45)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    return np.asarray(image)


def prepared(canvases: list[Canvas]) -> Float[Tensor, "batch 28 28"]:
    """What the model gets of each."""
    return torch.from_numpy(np.stack([prepare_drawing(canvas) for canvas in canvases]))


def scribble(rng: np.random.Generator) -> Canvas:
    """A random walk of a few points, smoothed."""
    points = np.cumsum(rng.normal(0, 45, (rng.integers(4, 25), 2)), axis=0)
    points = np.clip(points - points.mean(axis=0) + CANVAS_SIZE / 2, 15, CANVAS_SIZE - 15)
    for _ in range(3):  # cuts every corner (Chaikin 1974)
        before, after = points[:-1], points[1:]
        points = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
    image, draw = _canvas()
    draw.line([tuple(point) for point in points], fill=INK, width=int(rng.choice(BRUSHES)), joint="curve")
    return np.asarray(image)


def letter(name: str, rng: np.random.Generator) -> Canvas:
    """A letter in the middle, of any size and weight."""
    font, weight = ImageFont.load_default(size=int(rng.integers(120, 230))), int(rng.integers(0, 5))
    image, draw = _canvas()
    middle = (CANVAS_SIZE / 2, CANVAS_SIZE / 2)
    draw.text(middle, name, fill=INK, font=font, stroke_width=weight, stroke_fill=INK, anchor="mm")
    return np.asarray(image)


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", (CANVAS_SIZE, CANVAS_SIZE), PAPER)
    return image, ImageDraw.Draw(image)


if __name__ == "__main__":
    main()
