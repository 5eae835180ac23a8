"""The images of one run: MNIST, or MNIST mixed with drawings of one's own."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from ram.config import DataConfig
from ram.data.collection import DIGIT_NAMES, Collection, split_collection
from ram.data.mnist import DataError, Digits, split_training

SMALLEST_EPOCH = 10_000  # images, if there are only drawings


class Mixture(NamedTuple):
    """The images of one run."""

    training: Digits
    epoch: Int[Tensor, " draws"]
    """Positions in `training` of one epoch's images; drawings occur repeatedly."""
    validation: Digits
    """MNIST digits held back; if no digit is left, the drawings held back."""
    held_back: Digits
    """Drawings held back; empty without drawings."""
    classes: tuple[str, ...]
    """Names of the classes."""


def mix(digits: Digits, drawings: Collection | None, config: DataConfig) -> Mixture:
    """Splits MNIST's training digits, and adds drawings so that they are `drawing_share` of an epoch.

    A class with a name of its own replaces a digit: MNIST's digits of that class are left out.

    Raises:
        DataError: no image is held back to measure with.
    """
    training, validation = split_training(digits, config)
    everything = torch.arange(len(training.labels))
    if drawings is None:
        return Mixture(training, everything, validation, validation.take(everything[:0]), DIGIT_NAMES)
    own, held_back = split_collection(drawings)
    kept = torch.tensor([name == digit for name, digit in zip(drawings.classes, DIGIT_NAMES, strict=True)])
    training, validation = (part.take(kept[part.labels].nonzero().squeeze(dim=1)) for part in (training, validation))
    if not len(validation.labels):
        validation = held_back
    if not len(validation.labels):
        raise DataError("there is nothing to measure with: draw at least four of one class, one of them is held back")
    count, drawn = len(training.labels), len(own.labels)
    wanted = config.drawing_share / (1 - config.drawing_share) * count if count else SMALLEST_EPOCH
    repeats = max(1, round(wanted / drawn)) if drawn else 0
    epoch = torch.cat([torch.arange(count), count + torch.arange(drawn).repeat(repeats)])
    together = Digits(torch.cat([training.images, own.images]), torch.cat([training.labels, own.labels]))
    return Mixture(together, epoch, validation, held_back, drawings.classes)
