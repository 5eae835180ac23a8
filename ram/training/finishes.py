"""Finishes: a run whose learning rate rises once more in each of several ends, which are averaged.

All finishes begin with the weights that the main part ended with, and the model is the mean of their ends: it lies
where the loss is flat, and is better than each of them (model soups, Wortsman et al. 2022).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ram.config import AugmentationConfig, FinishConfig

Weights = dict[str, Tensor]


class Phase(NamedTuple):
    """A part of a run, and how far the run is in it."""

    number: int
    """0 for the main part; finishes count from 1."""
    done: float
    """Share of the phase that is over, in [0, 1]."""

    @property
    def peak(self) -> float:
        """Peak of the learning rate in this phase, as a share of the run's."""
        return 0.5 if self.number else 1.0


def phase_at(progress: float, config: FinishConfig) -> Phase:
    """The phase at a run's progress in [0, 1]; a function of that alone, so that a resumed run is where it was."""
    begin = 1 - config.finish
    if progress < begin or not config.finish:
        return Phase(0, progress / begin)
    over = (progress - begin) / config.finish * config.finishes
    number = min(int(over), config.finishes - 1)
    return Phase(number + 1, over - number)


def strength(number: int, config: FinishConfig) -> float:
    """How strongly digits are changed in finish `number`, as a share of the main part's changes.

    Two thirds on average. With a spread it rises from finish to finish: the mean of ends that differ gains more.
    """
    if config.finishes == 1:
        return 2 / 3
    return 2 / 3 + config.finish_spread * (2 * (number - 1) / (config.finishes - 1) - 1)


class Finishes:
    """The weights that the finishes of a run begin with, and the mean of their ends.

    Args:
        config: how many finishes there are, and how they differ.
        augmentation: how digits are changed in the main part.
    """

    def __init__(self, config: FinishConfig, augmentation: AugmentationConfig) -> None:
        self.begun = 0
        self.start: Weights = {}
        self.ends: Weights = {}
        finishes = range(1, config.finishes + 1)
        self._changes = [augmentation, *(augmentation.weaker(strength(number, config)) for number in finishes)]

    @property
    def augmentation(self) -> AugmentationConfig:
        """How digits are changed in the phase under way."""
        return self._changes[self.begun]

    def begin(self, number: int, averaged: Weights) -> Weights:
        """Enters finish `number` with the averaged weights of the phase before; returns those to go on with."""
        if self.begun:
            self.ends = self.mean_with(averaged)
        else:
            self.start = {name: weight.clone() for name, weight in averaged.items()}
        self.begun = number
        return self.start

    def mean_with(self, averaged: Weights) -> Weights:
        """The mean of the ends so far and of the averaged weights of the phase under way; copies."""
        if not self.ends:
            return {name: weight.clone() for name, weight in averaged.items()}
        return {
            name: torch.lerp(self.ends[name].to(weight.device), weight, 1 / self.begun)
            for name, weight in averaged.items()
        }

    def tensors(self) -> Weights:
        """Everything that `restore` needs, with the number of finishes begun."""
        return {f"{part}.{name}": weight for part in ("start", "ends") for name, weight in getattr(self, part).items()}

    def restore(self, tensors: Weights, begun: int) -> None:
        """Restores what `tensors` gave when `begun` finishes had begun."""
        self.begun = begun
        for part in ("start", "ends"):
            below = {name: weight for name, weight in tensors.items() if name.startswith(f"{part}.")}
            setattr(self, part, {name.removeprefix(f"{part}."): weight for name, weight in below.items()})
