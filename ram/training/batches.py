"""Batches: which digits come next, and everything random about them and about the looks at them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import ScheduleConfig, TrainConfig
from ram.data.augmentation import augment
from ram.data.clutter import ink_centre, scatter, strew
from ram.data.mnist import Digits


class Batch(NamedTuple):
    """Images to learn from, and everything random in the episodes that look at them."""

    images: Float[Tensor, "batch height width"]
    labels: Int[Tensor, " batch"]
    centre: Float[Tensor, "batch 2"] | None
    """Where the digit is, (x, y) in [-1, 1]; absent where nothing pulls looks there."""
    initial_location: Float[Tensor, "episodes 2"]
    noise: Float[Tensor, "moves episodes 2"]

    def part(self, images: slice) -> Batch:
        """Some of the images, with their episodes."""
        rollouts = len(self.initial_location) // len(self.images)
        episodes = slice(images.start * rollouts, images.stop * rollouts)
        return Batch(
            images=self.images[images],
            labels=self.labels[images],
            centre=None if self.centre is None else self.centre[images],
            initial_location=self.initial_location[episodes],
            noise=self.noise[:, episodes],
        )


class EpochOrder:
    """The order in which a run goes through its images; it follows from the seed and the epoch alone.

    Args:
        draws: positions of the images of one epoch, in any order.
        config: the seed and the size of a batch.
        device: where the positions are wanted.
    """

    def __init__(self, draws: Int[Tensor, " draws"], config: ScheduleConfig, device: torch.device) -> None:
        self.draws = draws
        self.config = config
        self.device = device
        self.batch_size = min(config.batch_size, len(draws))
        self.steps_per_epoch = math.ceil(len(draws) / config.batch_size)
        self._epoch = -1
        self._positions = draws

    def epoch(self, number: int) -> Int[Tensor, " images"]:
        """Positions of the images of one epoch, in order; the first images fill up the last batch."""
        shuffle = Generator().manual_seed(self.config.seed * 100_003 + number)
        order = self.draws[torch.randperm(len(self.draws), generator=shuffle)]
        missing = self.steps_per_epoch * self.batch_size - len(order)
        return torch.cat([order, order[:missing]]).to(self.device)

    def batch(self, step: int) -> Int[Tensor, " batch"]:
        """Positions of the images of one batch; all batches are equally large."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._positions = self.epoch(epoch)
            self._epoch = epoch
        return self._positions[place * self.batch_size : (place + 1) * self.batch_size]


def draw_batch(
    digits: Digits,
    index: Int[Tensor, " batch"],
    config: TrainConfig,
    generator: Generator,
    *,
    moves: int,
    strength: float | Tensor = 1.0,
) -> Batch:
    """Makes a batch; it follows from the arguments and the generator's state alone.

    Args:
        digits: all training digits; pieces of clutter are cut from them, too.
        index: which of them to learn from.
        config: changes of digits, size of the images, clutter, rollouts and noise.
        generator: on the digits' device.
        moves: locations that an episode chooses.
        strength: of the changes of digits, in [0, 1].
    """
    images, labels = augment(digits.take(index), config.augmentation, generator, strength)
    images = scatter(images, config.data.image_size, generator)
    centre = ink_centre(images) if config.pull.guidance else None
    strew(images, digits.images, config.data.clutter, generator)
    episodes, device = len(images) * config.loss.rollouts, images.device
    initial_location = torch.rand(episodes, 2, generator=generator, device=device) * 2 - 1
    noise = torch.empty(moves, episodes, 2, device=device)
    noise.normal_(std=config.loss.location_noise, generator=generator)
    return Batch(images, labels, centre, initial_location, noise)
