"""Calibration: of the answers with a probability of 90 %, 90 in 100 should be right.

Temperature scaling (Guo, Pleiss, Sun and Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017,
section 4.2): one number, fitted on digits that were held back, divides all logits. It makes a model more or less
sure, but keeps the order of its classes, and so every answer.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ram.model import RAM

BINS = 15  # as in Guo et al.
COLDEST, HOTTEST = 0.05, 20.0
BISECTIONS = 50


def calibration_error(log_probs: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> float:
    """The expected calibration error, in percent (Guo et al., equation 3).

    The answers are sorted into 15 equally wide bins by their probability. In each bin the mean probability is compared
    with the share of right answers; the gaps are averaged over all answers.
    """
    confidence, answer = log_probs.exp().double().max(dim=-1)
    index = (confidence * BINS).long().clamp(max=BINS - 1)  # a probability of 1 belongs to the last bin
    gaps = torch.zeros(BINS, dtype=torch.double).index_add_(0, index, confidence - (answer == labels).double())
    return float(100 * gaps.abs().sum() / len(labels))


def at_temperature(log_probs: Float[Tensor, "*batch classes"], temperature: float) -> Float[Tensor, "*batch classes"]:
    """The log-probabilities after dividing the logits by the temperature."""
    return (log_probs / temperature).log_softmax(dim=-1)


def fit_temperature(log_probs: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> float:
    """The temperature at which the labels are most likely, from 0.05 to 20.

    The negative log-likelihood of softmax(z / T) is convex in 1 / T. Its derivative, the model's expectation of z minus
    the mean z of the labels, thus has at most one zero, which is found by bisection. If every label or none is the most
    probable class, there is no zero, and the end of the range is returned.
    """
    scores = log_probs.double()
    of_labels = scores.gather(-1, labels[:, None]).mean()
    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        expected = (at_temperature(scores, math.exp(middle)).exp() * scores).sum(dim=-1).mean()
        too_sure = bool(expected > of_labels)
        low, high = (middle, high) if too_sure else (low, middle)
    return math.exp((low + high) / 2)


@torch.no_grad()
def apply_temperature(model: RAM, temperature: float) -> None:
    """Divides the model's logits by the temperature, in its weights, so that all its answers are calibrated.

    Raises:
        ValueError: the temperature is not a positive number.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature={temperature!r} is not possible: it must be a positive number")
    for parameter in model.action_network.linear.parameters():
        parameter.div_(temperature)
