"""REINFORCE under the microscope: looks that differ from one move on, what they push the policy's mean to, and steps.

Whatever can be is computed by the code that trains models: the episodes and the loss are `ram.training.loss`'s, and so
is the gradient, which autograd takes from it. The arrows are computed beside it, from the looks alone.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Generator, Tensor

from app.look.force import Place
from app.look.scene import Floats
from ram import RAM
from ram.config import Baseline, Reward, TrainConfig
from ram.training.batches import Batch
from ram.training.loss import HybridLoss, Objective, Scored

LOOKS = 16  # of one draw
REDRAWS = 10  # draws whose pushes are compared
STEP_RATE = 0.03  # of gradient descent: ten steps move the mean by some pixels

Part = Literal["action", "reinforce", "value"]
PARTS: tuple[Part, ...] = ("action", "reinforce", "value")
Doubles = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Setup:
    """What lies under the microscope. Equal ones give equal numbers."""

    pixels: bytes
    """Grey levels in [0, 1] of the square image, as float32, row by row."""
    label: int
    """The right class."""
    start: Place
    """Where the first glimpse falls."""
    move: int
    """Which move is sampled, from 1: it chooses the glimpse after that one. The moves before it go to their means,
    those after it are sampled, too."""
    std: float = 0.2
    """Standard deviation of the policy."""
    baseline: Baseline = "value"
    reward: Reward = "hit"
    follows: tuple[Part, ...] = ("reinforce",)
    """The parts of the loss that a step follows."""

    @property
    def image(self) -> Floats:
        """(H, W), grey levels in [0, 1]."""
        levels = np.frombuffer(self.pixels, np.float32)
        side = round(len(levels) ** 0.5)
        return levels.reshape(side, side).copy()


# ---- one draw: arrows and gradient ----


class Looks(NamedTuple):
    """N sampled looks that differ from one move on, each played to its end."""

    mean: Floats
    """(2,), the policy's mean for this move, the same for all."""
    samples: Floats
    """(N, 2), what the policy sampled, before it was clamped into the image."""
    locations: Floats
    """(N, G, 2), where the glimpses looked."""
    answers: npt.NDArray[np.int64]
    """(N,), the most probable class in the end."""
    probs: Floats
    """(N,), the probability of the right class in the end."""
    rewards: Floats
    """(N,)"""
    value: float
    """The value network's estimate before this move, the same for all."""


class Draw(NamedTuple):
    """One draw with the gradient that training would take from it."""

    looks: Looks
    gradient: Doubles
    """(2,), of the expected reward with respect to the mean: by autograd, through the loss that trains models."""
    norms: dict[Part, dict[str, float | None]]
    """The norm of the gradient of each part of the loss for each network; None where no way leads there."""


def draw_looks(model: RAM, setup: Setup, seed: int) -> Draw:
    """Draws the looks that belong to one seed, and differentiates their loss."""
    model = copy.deepcopy(model).requires_grad_(True)  # models are shared, and frozen
    scored = _score(model, setup, [seed], with_gradient=True)
    (gradient,) = torch.autograd.grad(scored.loss.reinforce, scored.episode.location_means, retain_graph=True)
    # The loss is the negative of what is to grow. The mean is one number, which each look has a copy of.
    push = -gradient[setup.move].double().sum(dim=0)
    norms = {part: _norms(model, getattr(scored.loss, part)) for part in PARTS}
    return Draw(_looks(model, setup, scored, [seed]), push.numpy(), norms)


def redraw(model: RAM, setup: Setup, seeds: Sequence[int]) -> list[Looks]:
    """The looks that belong to each of these seeds, all in one batch."""
    scored = _score(model, setup, seeds, with_gradient=False)
    several = _looks(model, setup, scored, seeds)
    return [_part(several, slice(first, first + LOOKS)) for first in range(0, len(several.rewards), LOOKS)]


def advantages(looks: Looks, baseline: Baseline) -> Doubles:
    """(N,), by how much each look earned more than was to be expected."""
    rewards = looks.rewards.astype(np.float64)
    return rewards - baselines(rewards, looks.value, baseline)


def baselines(rewards: Doubles, value: float, baseline: Baseline) -> Doubles:
    """(N,), what is subtracted from each reward: nothing, the value before the move, or the mean of the others."""
    if baseline == "rollouts":
        return (rewards.sum() - rewards) / (len(rewards) - 1)
    return np.full(len(rewards), value if baseline == "value" else 0.0)


def arrows(looks: Looks, std: float, baseline: Baseline) -> Doubles:
    """(N, 2), A (l - μ) / σ² of each look: its gradient of the log-density, weighted with its advantage."""
    apart = looks.samples.astype(np.float64) - looks.mean
    return advantages(looks, baseline)[:, None] * apart / std**2


def push(looks: Looks, std: float, baseline: Baseline) -> Doubles:
    """(2,), the mean of the arrows times σ²: where a look that earned 1 more than expected pulls to itself."""
    return arrows(looks, std, baseline).mean(axis=0) * std**2


def spread(pushes: Sequence[Doubles]) -> float:
    """How far pushes lie from their mean: the root of the mean squared distance."""
    several = np.stack(pushes)
    return float(np.sqrt(((several - several.mean(axis=0)) ** 2).sum(axis=1).mean()))


def _part(looks: Looks, rows: slice) -> Looks:
    return looks._replace(
        samples=looks.samples[rows],
        locations=looks.locations[rows],
        answers=looks.answers[rows],
        probs=looks.probs[rows],
        rewards=looks.rewards[rows],
    )


def _score(model: RAM, setup: Setup, seeds: Sequence[int], *, with_gradient: bool) -> Scored:
    config = TrainConfig.of(
        rollouts=LOOKS * len(seeds), location_noise=setup.std, baseline=setup.baseline, reward=setup.reward
    )
    with torch.set_grad_enabled(with_gradient):
        return Objective(model, config).losses(_batch(model, setup, seeds))


def _batch(model: RAM, setup: Setup, seeds: Sequence[int]) -> Batch:
    images = torch.from_numpy(setup.image)[None]
    count = LOOKS * len(seeds)
    return Batch(
        images=images,
        labels=torch.tensor([setup.label]),
        centre=None,
        initial_location=images.new_tensor([setup.start]).expand(count, 2),
        noise=_noise(model, setup, seeds),
    )


def _noise(model: RAM, setup: Setup, seeds: Sequence[int]) -> Float[Tensor, "moves episodes 2"]:
    """What is added to the means: nothing before the move in question."""
    like = torch.empty(0)
    drawn = (model.draw_noise(LOOKS, like, setup.std, Generator().manual_seed(seed)) for seed in seeds)
    noise = torch.cat([*drawn], dim=1)
    noise[: setup.move - 1] = 0
    return noise


@torch.no_grad()
def _looks(model: RAM, setup: Setup, scored: Scored, seeds: Sequence[int]) -> Looks:
    episode, values, loss = scored
    probs = model.action_network.logits(episode.hidden_states[-1]).softmax(dim=-1)
    mean = episode.location_means[setup.move].detach()
    return Looks(
        mean=mean[0].numpy(),
        samples=(mean + _noise(model, setup, seeds)[setup.move - 1]).numpy(),
        locations=episode.locations.transpose(0, 1).numpy(),
        answers=probs.argmax(dim=-1).numpy(),
        probs=probs[:, setup.label].numpy(),
        rewards=loss.reward.numpy(),
        value=float(values[setup.move - 1, 0]),
    )


# ---- steps ----


@dataclasses.dataclass(frozen=True)
class Learned:
    """A copy of a model after some steps. It is not changed: further steps copy it."""

    model: RAM
    means: tuple[Place, ...]
    """The policy's mean for the move in question: before the first step and after each."""

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return sum(weights.nbytes for weights in self.model.state_dict().values())


def untouched(model: RAM, setup: Setup) -> Learned:
    """A copy before any step."""
    own = copy.deepcopy(model).requires_grad_(True)
    return Learned(own, (mean_of(own, setup),))


def take_steps(before: Learned, setup: Setup, seeds: Iterable[int]) -> Learned:
    """Takes a step on the looks of each seed, one after the other.

    The steps are plain gradient descent, not AdamW's, with which training goes faster: so the mean moves along the
    arrows, and stays where they are zero.
    """
    model = copy.deepcopy(before.model)
    means = [*before.means]
    for seed in seeds:
        model.zero_grad(set_to_none=True)
        _total(_score(model, setup, [seed], with_gradient=True).loss, setup).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), TrainConfig().optimization.gradient_clip)
        with torch.no_grad():  # by hand: PyTorch's optimisers import its compiler, which takes seconds
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.sub_(parameter.grad, alpha=STEP_RATE)
        means.append(mean_of(model, setup))
    model.zero_grad(set_to_none=True)
    return Learned(model, tuple(means))


def _total(loss: HybridLoss, setup: Setup) -> Tensor:
    """The parts that a step follows, weighted as training weights them by default."""
    default = TrainConfig().loss
    weights: dict[Part, float] = {
        "action": 1.0,
        "reinforce": default.reinforce_weight,
        "value": default.value_weight,
    }
    return torch.stack([weights[part] * getattr(loss, part) for part in setup.follows]).sum()


@torch.no_grad()
def mean_of(model: RAM, setup: Setup) -> Place:
    """The policy's mean for the move in question."""
    images = torch.from_numpy(setup.image)[None]
    still = torch.zeros(model.config.num_glimpses - 1, 1, 2)
    episode = model.episode(images, initial_location=images.new_tensor([setup.start]), noise=still)
    x, y = episode.location_means[setup.move, 0].tolist()
    return x, y


# ---- where the gradient goes ----

NETWORKS = ("glimpse_network", "core_network", "location_network", "value_network", "action_network")


def _norms(model: RAM, loss: Tensor) -> dict[str, float | None]:
    """The norm of a loss's gradient for each network; None for those that it does not reach."""
    return {name: _norm(loss, [*getattr(model, name).parameters()]) for name in NETWORKS}


def _norm(loss: Tensor, weights: list[Tensor]) -> float | None:
    found = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
    reached = [each for each in found if each is not None]
    return float(torch.stack([each.norm() for each in reached]).norm()) if reached else None
