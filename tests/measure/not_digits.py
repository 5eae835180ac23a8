"""What checkpoints say of what is no digit: python -m tests.measure.not_digits checkpoints/mnist.safetensors

Scribbles (smooth random lines) and letters (those that no digit looks like, in the font that Pillow carries), drawn on
the app's canvas with its brushes and prepared as the app prepares a drawing; beside them MNIST digits held back from
training. None is made as `ram/data/unreadable.py` makes what is trained with, but the letters there are many of these.
The model looks with mean locations and a random first glimpse.

Prints a Markdown table: the share of answers, in percent, that the page calls not sure (below one half).
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
from ram.config import DataConfig
from ram.data.mnist import as_floats, load_mnist, split_training

CANVAS_SIZE, PAPER, INK = 280, DARK_FIELD, "#ffffff"  # as in the app
BRUSHES = (12, 20, 28)
LETTERS = "ABCDEFGHJKMNPRTUVWXYabdefhkmnprtuvwxy"
SCRIBBLES, LETTERS_EACH, DIGITS = 400, 8, 2000
SEEDS = 3

Canvas = UInt8[np.ndarray, "280 280 4"]


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.not_digits", description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help=".safetensors files")
    rng = np.random.default_rng(0)
    images = {
        "scribbles": prepared([scribble(rng) for _ in range(SCRIBBLES)]),
        "letters": prepared([letter(name, rng) for name in LETTERS for _ in range(LETTERS_EACH)]),
        "MNIST digits": as_floats(split_training(load_mnist("train"), DataConfig())[1].images[:DIGITS]),
    }
    print(f"| not sure, percent | {' | '.join(images)} |\n|---|{'--:|' * len(images)}")
    for path in parser.parse_args().checkpoints:
        model = load_checkpoint(path)
        print(f"| {path.stem} | {' | '.join(f'{unsure(model, batch):.1f}' for batch in images.values())} |")


@torch.inference_mode()
def unsure(model: RAM, images: Float[Tensor, "batch 28 28"]) -> float:
    """The share of answers, in percent, that are more likely wrong than right by the model's own probabilities."""
    below = 0.0
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        rollout = model.rollout(images, sample_locations=False, generator=generator)
        below += float((rollout.class_probs[:, -1].amax(dim=-1) < 0.5).float().mean())
    return 100 * below / SEEDS


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
