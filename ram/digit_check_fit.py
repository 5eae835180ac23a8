"""Fitting the digit check: logistic regression between digits and drawings that are none.

The digits are training digits, two thirds of them changed as people's drawings differ. The others are letters, symbols,
pairs, scribbles and blots (`ram/data/not_digits.py`). Each lies alone in the middle of an image as large as those that
the model was trained on: pieces of digits beside it would tell of digits. The digits held back decide how much must
speak against a digit: the check doubts a fixed share of them.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import DataConfig
from ram.data.augmentation import augment
from ram.data.clutter import centred
from ram.data.mnist import MNIST_FOLDER, as_floats, load_mnist, split_training
from ram.data.not_digits import draw_not_digits
from ram.digit_check import SURE, DigitCheck, impressions
from ram.evaluation import OverSeeds, over_seeds, plain_digits_of
from ram.model import RAM
from ram.presets import PRESETS

DOUBTED = 0.002  # of the digits held back
EXAMPLES = 12_000  # drawings that are no digit, and as many changed digits and half as many unchanged ones
# As people draw digits, whatever the model was trained on.
DRAWN = PRESETS["mnist"].training.replace(unreadable=0.0, gaps_and_lines=0.1).augmentation
BATCH_PIXELS = 200 * 28 * 28
RIDGE, STEPS = 5e-3, 50
STILL = 0.05  # added to each feature's standard deviation: units that never fire say nothing
SEED = 1


def fit_digit_check(model: RAM, info: CheckpointInfo, folder: Path = MNIST_FOLDER, count: int = EXAMPLES) -> DigitCheck:
    """Fits the check of a model of digits, on `count` drawings that are none.

    Raises:
        DataError: MNIST cannot be read, or the model has other classes.
        ConfigError: its recipe names impossible images.
    """
    held_back = as_floats(plain_digits_of(info, "validation", folder).images)
    kinds = (*_examples(folder, count), held_back)
    return separate(*(impressions_of(model, centred(images, info.image_size)) for images in kinds))


def unsure_rate(
    model: RAM,
    check: DigitCheck | None,
    alone: Float[Tensor, "batch height width"],
    log_probs: Float[Tensor, "seeds batch classes"],
) -> OverSeeds:
    """The share of digits of which the page is not sure: doubted by the check, or more likely read wrong than right.

    Args:
        model: what has looked at the digits.
        check: its digit check, if it has one.
        alone: each digit in the middle of an empty image.
        log_probs: the result of `passes` at the images that these digits lie in.
    """
    unlikely = log_probs.amax(dim=-1).exp() < SURE
    if check is not None:
        found = impressions_of(model, alone) @ check.weight + check.bias >= 0
        unlikely |= ~found
    return over_seeds((100 * unlikely.double().mean(dim=1)).tolist())


def separate(
    digits: Float[Tensor, "digits features"],
    others: Float[Tensor, "others features"],
    held_back: Float[Tensor, "held_back features"],
) -> DigitCheck:
    """Logistic regression; then the bias with which DOUBTED of the digits held back are not taken for digits."""
    examples = torch.cat([digits, others])
    spread, mean = torch.std_mean(examples, dim=0)
    spread = spread + STILL
    labels = torch.cat([torch.ones(len(digits)), torch.zeros(len(others))])
    counts = torch.where(labels == 1, len(others) / len(digits), 1.0)  # both kinds count alike
    weight, bias = torch.zeros(examples.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")
    scaled = (examples - mean) / spread

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(scaled @ weight + bias, labels, counts)
        value = value + RIDGE * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    direction = weight.detach() / spread
    return DigitCheck(direction, -torch.quantile(held_back @ direction, DOUBTED))


def impressions_of(model: RAM, images: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch features"]:
    """The impressions of many images, on the CPU."""
    device = next(model.parameters()).device
    size = max(1, BATCH_PIXELS // images[0].numel())
    return torch.cat([impressions(model, part.to(device)).cpu() for part in images.split(size)])


@functools.lru_cache(maxsize=1)  # the same for every checkpoint
def _examples(folder: Path, count: int) -> tuple[Float[Tensor, "digits 28 28"], Float[Tensor, "others 28 28"]]:
    """Digits, two thirds of them changed, and `count` drawings that are none."""
    training, _ = split_training(load_mnist("train", folder), DataConfig())
    generator = Generator().manual_seed(SEED)
    order = torch.randperm(len(training.labels), generator=generator)
    changed, unchanged = training.take(order[:count]), training.take(order[count : count + count // 2])
    drawn, _ = augment(changed, DRAWN, generator)
    others = draw_not_digits(count, training, np.random.default_rng(SEED))
    return torch.cat([drawn, as_floats(unchanged.images)]), others
