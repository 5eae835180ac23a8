"""How far a run is, and the settings of a step there."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

from ram.config import ScheduleConfig, TrainConfig

FADING = 0.4  # share of the run, at its end, in which the changes of digits fade ...
FADED = 1 / 3  # ... to this share of their strength: the model ends near the digits that it is measured on


class Progress:
    """How far a run is: of its time budget, or else of its steps."""

    def __init__(self, config: ScheduleConfig, steps_per_epoch: int) -> None:
        self.config = config
        self.steps_per_epoch = steps_per_epoch
        self.step = 0
        self.elapsed = 0.0
        """Seconds of training so far, over all processes that resumed the run."""

    @property
    def share(self) -> float:
        """The part of the run that is done, from 0 to 1."""
        if self.config.minutes:
            return min(self.elapsed / (60 * self.config.minutes), 1.0)
        return self.step / self.steps

    @property
    def steps(self) -> int:
        """Optimiser steps in the whole run; with a time budget an estimate from the steps so far."""
        if self.config.minutes:
            return round(self.step / self.share) if self.share else 0
        return self.steps_per_epoch * self.config.epochs

    @property
    def epoch(self) -> int:
        """Complete passes over the training digits."""
        return self.step // self.steps_per_epoch

    @property
    def seconds_left(self) -> float:
        """An estimate from the time so far; 0 at the beginning, when nothing is known."""
        return self.elapsed / self.share - self.elapsed if self.share else 0.0

    def position(self) -> dict[str, Any]:
        """What every reading begins with."""
        epoch = round(self.step / self.steps_per_epoch, 4)
        return {"step": self.step, "epoch": epoch, "elapsed_s": round(self.elapsed, 3)}


def learning_rate(share: float, warm_up: float) -> float:
    """As a share of its peak: a linear rise until the run's share is `warm_up`, then half a cosine down to zero."""
    return share / warm_up if share < warm_up else 0.5 * (1 + math.cos(math.pi * (share - warm_up) / (1 - warm_up)))


def strength(share: float) -> float:
    """How strongly digits are changed after a share of the run, as a share of the configured changes."""
    return 1 - (1 - FADED) * max(0.0, 1 - (1 - share) / FADING)


class StepSettings(NamedTuple):
    """What differs from step to step, as scalars on the device."""

    learning_rate: Float[Tensor, ""]
    strength: Float[Tensor, ""]
    """How strongly digits are changed, as a share of the configured changes."""
    averaging: Float[Tensor, ""]
    """Weight of the weights after this step in the averaged weights."""


def settings_at(share: float, step: int, config: TrainConfig) -> tuple[float, float, float]:
    """The `StepSettings` of a step as plain numbers.

    Args:
        share: the part of the run that is done, from 0 to 1.
        step: the steps before this one.
        config: the schedule, and the decay of the averaged weights.
    """
    rate = config.schedule.learning_rate * learning_rate(share, config.schedule.warm_up)
    # The average follows quickly at first, or it would remember the random initial weights.
    averaging = 1 - min(config.optimization.ema_decay, (2 + step) / (11 + step))
    return rate, strength(share), averaging
