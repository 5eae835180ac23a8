"""Fitting the value network: its estimate becomes the probability that the answer will be right.

The specification calls the value the expected reward, and a right answer earns 1. A model that was trained with another
reward or baseline, or on changed digits, which are harder to read, estimates something else. The value is one linear
map of the hidden state, so it can be fitted anew by least squares without touching anything else in the model:

- Its direction is learned from changed digits, because hardly any unchanged one is read wrong. Some of them are held
  back: what the model was trained on, it reads wrong for other reasons.
- Its mean and its scale come from unchanged digits held back. After every glimpse, its mean is the share of right
  answers: the mean of the hidden states moves from glimpse to glimpse, so the direction is kept orthogonal to these
  moves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import Reward, TrainConfig
from ram.data.augmentation import augment
from ram.data.clutter import scatter, strew
from ram.data.mnist import Digits, as_floats
from ram.evaluation import is_number
from ram.model import RAM

BATCH = 500
PASSES = 4  # over the training digits, each with other changes: one pass finds a few hundred wrong answers
HELD_BACK = 5  # passes over the digits held back for each of them: about half as many images
RIDGE = 0.03  # of the mean variance of a hidden unit: without it, units that never fire would make it singular
FIRST = 5.0  # weight of the first glimpse beside the last one's 1: nearly nothing is known there, so noise costs most
BETWEEN = 0.1  # weight of the glimpses between these two, from which they follow
CAUTION = 0.25  # of the best scale: nearly half of what it gains, for a sixteenth of the noise where little is known
TINY = 1e-12  # where all answers are right there is no direction, and the value is a constant
HIGHEST, LOWEST = 1.015, -0.015  # of the values on the digits held back; others may lie a little farther out
FITTED = "value_fitted"  # the result that says that the value was fitted to right answers


class Outcomes(NamedTuple):
    """What a model remembers after each glimpse of some images, and whether its answers are right in the end."""

    hidden: Float[Tensor, "glimpses images hidden"]
    right: Bool[Tensor, " images"]


class ValueQuality(NamedTuple):
    """How well values predict right answers, glimpse by glimpse."""

    share: list[float]
    """Mean squared error, as a share of that of the best constant; below 1 the values say something."""
    excess: list[float]
    """The mean value less the share of right answers."""
    auc: list[float]
    """The share of pairs of a right and a wrong answer in which the right one has the higher value; 0.5 by chance."""
    lowest: float
    highest: float


def estimates(model: RAM, looks: Outcomes) -> Float[Tensor, "glimpses images"]:
    """The value network's estimates for these hidden states."""
    with torch.inference_mode():
        return model.value_network(looks.hidden.to(model.value_network.linear.weight.device)).cpu()


def value_quality(values: Float[Tensor, "glimpses images"], right: Bool[Tensor, " images"]) -> ValueQuality:
    """Compares values with what happened.

    Raises:
        ValueError: all answers are right, or all wrong.
    """
    values, earned = values.double(), right.double()
    constant = earned.mean()
    if constant in (0, 1):
        raise ValueError("all answers are right or all are wrong: there is nothing to predict")
    error = (values - earned).square().mean(dim=1) / (constant * (1 - constant))
    return ValueQuality(
        share=error.tolist(),
        excess=(values.mean(dim=1) - constant).tolist(),
        auc=[_auc(row, right) for row in values],
        lowest=float(values.min()),
        highest=float(values.max()),
    )


def expected_by_value(info: CheckpointInfo) -> Reward:
    """Which reward a checkpoint's value expects: that of its training, unless the value was fitted to right answers."""
    was_fitted = info.results.get(FITTED) is True
    return "information" if not was_fitted and info.recipe.get("reward") == "information" else "hit"


def stored_value(info: CheckpointInfo) -> ValueQuality | None:
    """What a checkpoint says about its value, measured on the test digits; None if it says nothing or is damaged."""
    found = info.results.get("value")
    if not isinstance(found, dict) or set(found) != set(ValueQuality._fields):
        return None
    rows = [found[name] for name in ("share", "excess", "auc")]
    fits = all(isinstance(row, list) and len(row) == info.config.num_glimpses for row in rows)
    numbers = [*itertools.chain(*rows), found["lowest"], found["highest"]] if fits else [None]
    if not all(map(is_number, numbers)):
        return None
    return ValueQuality(**found)


def _auc(scores: Float[Tensor, " images"], right: Bool[Tensor, " images"]) -> float:
    """The area under the receiver operating characteristic; equal scores count half."""
    wrong = scores[~right].sort().values
    below, up_to = (torch.searchsorted(wrong, scores[right], right=side).double() for side in (False, True))
    return float((below + up_to).mean() / (2 * len(wrong)))


@torch.no_grad()
def fit_value(model: RAM, changed: Iterable[Outcomes], held_back: Outcomes) -> None:
    """Replaces the value network's weights.

    Args:
        model: whose hidden states these are.
        changed: of changed digits, in passes; the value says something only if some answers are wrong, and the more
            are, the better.
        held_back: of unchanged digits that the model was not trained on.
    """
    weight = _direction(changed, held_back)
    states, earned = held_back.hidden.double(), held_back.right.double()
    projected = states @ weight
    spread = projected - projected.mean(dim=1, keepdim=True)
    accuracy = float(earned.mean())
    best = float((spread * (earned - accuracy)).mean() / spread.square().mean().clamp(min=TINY))
    # On the digits held back, no value may lie further outside [0, 1] than LOWEST and HIGHEST.
    reach = (HIGHEST - accuracy) / float(spread.max().clamp(min=TINY))
    depth = (accuracy - LOWEST) / -float(spread.min().clamp(max=-TINY))
    scale = max(0.0, min(CAUTION * best, reach, depth))
    model.value_network.linear.weight.copy_(scale * weight[None])
    model.value_network.linear.bias.fill_(accuracy - scale * float(projected.mean()))


def _direction(changed: Iterable[Outcomes], held_back: Outcomes) -> Float[Tensor, " hidden"]:
    """Least squares over all glimpses, by their weights, among directions in which no mean state moves."""
    size, weights = held_back.hidden.shape[-1], _weights(len(held_back.hidden))[:, None, None]
    covariance, signal = torch.zeros(size, size, dtype=torch.double), torch.zeros(size, dtype=torch.double)
    for one in changed:  # summed up pass by pass, because all of them together would fill the memory
        states, earned = one.hidden.double(), one.right.double()
        states = (states - states.mean(dim=1, keepdim=True)) * weights
        covariance += torch.einsum("gni,gnj->ij", states, states)
        signal += torch.einsum("gni,n->i", states * weights, earned - earned.mean())
    ridge = RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=covariance.dtype)
    means = held_back.hidden.double().mean(dim=1)
    # Lagrange's conditions: least squares, and no product with any of the moves. Moves may be alike, so no inverse.
    moves = means[1:] - means[0]
    solved = torch.linalg.solve(covariance + ridge, torch.cat([signal[:, None], moves.t()], dim=1))
    free, across = solved[:, 0], solved[:, 1:]
    return free - across @ (torch.linalg.pinv(moves @ across) @ (moves @ free))


def _weights(glimpses: int) -> Float[Tensor, " glimpses"]:
    """The square root of how much each glimpse counts.

    The last one knows most. After the first one nearly nothing is known, so the value must hardly differ there.
    """
    counts = torch.full((glimpses,), BETWEEN, dtype=torch.double)
    counts[0], counts[-1] = FIRST, 1
    return counts.sqrt()


def changed_outcomes(model: RAM, training: Digits, held_back: Digits, config: TrainConfig) -> Iterator[Outcomes]:
    """What `fit_value` learns the direction from, pass by pass, each with other changes and first glimpses."""
    for digits, passes in ((training, PASSES), (held_back, PASSES * HELD_BACK)):
        for seed in range(passes):
            yield augmented_outcomes(model, digits, config, seed=seed)


def augmented_outcomes(model: RAM, digits: Digits, config: TrainConfig, *, seed: int) -> Outcomes:
    """Looks once at each digit, changed as in training, but never made unreadable."""
    changes, data = config.replace(unreadable=0.0).augmentation, config.data

    def batches() -> Iterator[Digits]:
        generator = Generator().manual_seed(seed)
        for index in torch.randperm(len(digits.labels), generator=generator).split(BATCH):
            images, labels = augment(digits.take(index), changes, generator)
            images = scatter(images, data.image_size, generator)
            strew(images, digits.images, data.clutter, generator)
            yield Digits((images * 255).round().to(torch.uint8), labels)

    return _look(model, batches(), seed)


def outcomes(model: RAM, digits: Digits, *, seeds: Iterable[int]) -> Outcomes:
    """Looks at unchanged digits with mean locations, once for each seed of the first glimpses."""
    parts = [Digits(*part) for part in zip(digits.images.split(BATCH), digits.labels.split(BATCH), strict=True)]
    return _joined([_look(model, parts, seed) for seed in seeds])


@torch.inference_mode()
def _look(model: RAM, batches: Iterable[Digits], seed: int) -> Outcomes:
    device = next(model.parameters()).device
    generator = Generator(device).manual_seed(seed)
    looks = []
    for images, labels in batches:
        episode = model.episode(as_floats(images.to(device)), sample_locations=False, generator=generator)
        answer = model.action_network.logits(episode.hidden_states[-1]).argmax(dim=-1)
        looks.append(Outcomes(torch.stack(episode.hidden_states).cpu(), answer.cpu() == labels))
    return _joined(looks)


def _joined(looks: list[Outcomes]) -> Outcomes:
    return Outcomes(torch.cat([look.hidden for look in looks], dim=1), torch.cat([look.right for look in looks]))
