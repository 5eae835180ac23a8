"""Batches: which digits come next, and everything random about them and about the looks at them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import AugmentationConfig, ScheduleConfig, TrainConfig
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
        self.steps_per_epoch = math.ceil(len(draws) / config.batch_size)
        self._epoch = -1
        self._order = draws

    def batch(self, step: int) -> Int[Tensor, " batch"]:
        """Positions of the images of one batch; the last of an epoch may be smaller."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            shuffle = Generator().manual_seed(self.config.seed * 100_003 + epoch)
            self._order = self.draws[torch.randperm(len(self.draws), generator=shuffle)].to(self.device)
            self._epoch = epoch
        size = self.config.batch_size
        return self._order[place * size : (place + 1) * size]


def draw_batch(
    digits: Digits,
    index: Int[Tensor, " batch"],
    config: TrainConfig,
    augmentation: AugmentationConfig,
    generator: Generator,
    *,
    moves: int,
    with_centre: bool,
) -> Batch:
    """Makes a batch; it follows from the arguments and the generator's state alone.

    Args:
        digits: all training digits; pieces of clutter are cut from them, too.
        index: which of them to learn from.
        config: size of the images, clutter, rollouts and noise.
        augmentation: how digits are changed at this point of the run.
        generator: on the digits' device.
        moves: locations that an episode chooses.
        with_centre: whether anything needs to know where the digit is.
    """
    images, labels = augment(digits.take(index), augmentation, generator)
    images = scatter(images, config.data.image_size, generator)
    centre = ink_centre(images) if with_centre else None
    strew(images, digits.images, config.data.clutter, generator)
    episodes, device = len(images) * config.loss.rollouts, images.device
    initial_location = torch.rand(episodes, 2, generator=generator, device=device) * 2 - 1
    noise = torch.empty(moves, episodes, 2, device=device)
    noise.normal_(std=config.loss.location_noise, generator=generator)
    return Batch(images, labels, centre, initial_location, noise)
