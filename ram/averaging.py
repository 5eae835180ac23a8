"""The weights that are measured and saved: averaged over steps, and over cycles of the learning rate."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def cycle_at(progress: float, cycles: int) -> tuple[int, float]:
    """Which cycle of the learning rate a run is in, and how much of that cycle is done, from 0 to 1.

    The first takes half of the run, if it is not the only one, and the others share the second half.

    Args:
        progress: how much of the run is done, from 0 to 1.
        cycles: how many there are.
    """
    if cycles == 1 or progress < 0.5:
        return 0, progress if cycles == 1 else 2 * progress
    done = (2 * progress - 1) * (cycles - 1)
    cycle = min(int(done), cycles - 2)
    return 1 + cycle, done - cycle


def learning_rate(progress: float, warm_up: float, cycles: int = 1) -> float:
    """The learning rate as a share of its peak: a linear rise, then half a cosine down to zero, in each cycle.

    The rise takes `warm_up` of the cycle. All cycles but the first rise to half the peak: they leave a good place, and
    do not begin anew. A function of the progress in [0, 1] alone, so that a resumed run needs no scheduler state.
    """
    cycle, done = cycle_at(progress, cycles)
    share = done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
    return share if cycle == 0 else share / 2


class WeightAverage:
    """Follows a model's weights, and remembers where each cycle of the learning rate has ended.

    The places at which cycles end lie around a flat region of the loss, and their mean lies in it: it generalises
    better than any of them (Izmailov et al. 2018, section 3). The first cycle's is on the way there, and left out.

    Args:
        model: whose weights to follow.
        decay: of the moving average over steps, per step.
        cycles: how many there are in the run.
    """

    def __init__(self, model: nn.Module, decay: float, cycles: int) -> None:
        self._live, self._decay, self._cycles = model.state_dict(), decay, cycles
        self._moving = _copy(self._live)
        self._ends: list[dict[str, Tensor]] = []

    @torch.no_grad()
    def update(self, step: int, progress: float) -> None:
        """Takes in the model's weights after a step, where `progress` is the run's from 0 to 1."""
        if len(self._ends) < cycle_at(progress, self._cycles)[0] - 1:
            self._ends.append(_copy(self._moving))
        # The average follows quickly at first, or it would remember the random initial weights.
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for average, current in zip(self._moving.values(), self._live.values(), strict=True):
            average.lerp_(current, weight)

    def mean(self) -> dict[str, Tensor]:
        """The mean over the ends of the cycles, where the present one's moving average counts as its end."""
        places = [*self._ends, self._moving]
        return {name: torch.stack([place[name] for place in places]).mean(dim=0) for name in self._moving}

    def state_dict(self) -> dict[str, Tensor]:
        """All that `load_state_dict` needs; the last of the numbered places is the moving average."""
        places = enumerate([*self._ends, self._moving])
        return {f"{index}.{name}": weight for index, place in places for name, weight in place.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Goes back to what `state_dict` returned.

        Raises:
            KeyError: something is missing.
            ValueError: something is too much.
        """
        count = len(state) // len(self._moving)
        if not count or len(state) % len(self._moving):
            raise ValueError("the averaged weights are not those of this model")
        places = [
            {name: state[f"{index}.{name}"].to(weight.device) for name, weight in self._moving.items()}
            for index in range(count)
        ]
        *self._ends, self._moving = places


def _copy(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in weights.items()}
