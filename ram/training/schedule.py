"""How far a run is, and the learning rate there."""

from __future__ import annotations

import math
from typing import Any

from ram.config import ScheduleConfig


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


def learning_rate(done: float, warm_up: float) -> float:
    """The learning rate as a share of its peak: a linear rise until `warm_up`, then half a cosine down to zero."""
    return done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
