"""Measuring a model: the protocol behind every figure this project quotes.

One pass over the images, the most probable class after the last glimpse, and a first glimpse drawn
uniformly at random. Gaze is either the policy's mean or a sample at the model's own standard deviation.
"""

from __future__ import annotations

import statistics
from typing import NamedTuple

import torch
from torch import Generator

from ram.data import Digits, as_floats
from ram.model import RAM


class ErrorRate(NamedTuple):
    """Share of wrong answers over several seeds, in percent."""

    mean: float
    spread: float
    """Standard deviation over the seeds (of a sample, n - 1)."""
    per_seed: list[float]


@torch.inference_mode()
def count_errors(
    model: RAM, digits: Digits, *, seed: int, sample_locations: bool = False, batch_size: int = 1000
) -> int:
    """Wrong answers in one pass over the digits."""
    device = next(model.parameters()).device
    generator = Generator(device).manual_seed(seed)
    wrong = 0
    for images, labels in zip(digits.images.split(batch_size), digits.labels.split(batch_size), strict=True):
        episode = model.episode(as_floats(images.to(device)), sample_locations=sample_locations, generator=generator)
        action = model.action_network.logits(episode.hidden_states[-1]).argmax(dim=-1)
        wrong += int((action != labels.to(device)).sum())
    return wrong


def error_rate(model: RAM, digits: Digits, *, seeds: int = 5, sample_locations: bool = False) -> ErrorRate:
    """The error over seeds 0 to seeds - 1; a seed decides the first glimpses and the sampled locations."""
    wrong = [count_errors(model, digits, seed=seed, sample_locations=sample_locations) for seed in range(seeds)]
    percent = [100 * count / len(digits.labels) for count in wrong]
    return ErrorRate(statistics.fmean(percent), statistics.stdev(percent) if seeds > 1 else 0.0, percent)
