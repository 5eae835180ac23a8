"""The hybrid loss: cross-entropy for the action, REINFORCE for the locations (paper section 3.2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ram.config import Baseline, Reward


class HybridLoss(NamedTuple):
    """The parts of the loss, each a mean over episodes, and what they were made of."""

    action: Float[Tensor, ""]
    """Cross-entropy of the final classification, in nats."""
    reinforce: Float[Tensor, ""]
    """Surrogate whose gradient is the policy gradient, summed over the moves of an episode."""
    value: Float[Tensor, ""]
    """Mean squared error of the value estimates, over all glimpses."""
    reward: Float[Tensor, " batch"]
    """What each episode earned."""


def hybrid_loss(
    logits: Float[Tensor, "batch classes"],
    values: Float[Tensor, "glimpses batch"],
    location_log_probs: Float[Tensor, "moves batch"],
    labels: Int[Tensor, " batch"],
    *,
    rollouts: int = 1,
    baseline: Baseline = "value",
    reward: Reward = "hit",
) -> HybridLoss:
    """Scores episodes; the rollouts of one image stand side by side.

    An episode earns 1 for the right class, else 0 (paper section 3.2). Two rewards say the same with less noise:
    the probability p of the right class, which is what a sampled answer earns on average; and 1 + log p to the base
    of the number of classes, at least 0, which is 0 for a guess and 1 for certainty. By the latter the policy goes
    down the cross-entropy, as all else does.

    Of an image without a class (a negative label) every class is to be equally likely, and it earns nothing.

    The reward comes at the end and is not discounted, so every step's return is the final reward R. The
    move from glimpse t to t+1 is chosen after glimpse t; its baseline is the value estimated then, and
    the last value, after which nothing is chosen, is a baseline of no move.
    """
    logits, values = logits.float(), values.float()  # in bfloat16 a loss would have three digits
    earned = _earned(logits.detach(), labels, reward)
    if baseline == "value":
        expected = values[:-1]
    elif baseline == "rollouts":
        of_image = earned.view(-1, rollouts)
        expected = ((of_image.sum(dim=1, keepdim=True) - of_image) / (rollouts - 1)).view(-1)
    else:
        expected = torch.zeros_like(earned)
    # Detached: the advantage is a weight of the policy gradient, not a path for it (paper section 3.2).
    advantage = (earned - expected).detach()
    action = cross_entropy(logits, labels).mean()
    return HybridLoss(
        action=action,
        reinforce=-(advantage * location_log_probs).sum(dim=0).mean(),
        value=F.mse_loss(values, earned.expand_as(values)),
        reward=earned,
    )


def _earned(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], reward: Reward
) -> Float[Tensor, " batch"]:
    if reward == "hit":
        return (logits.argmax(dim=-1) == labels).to(logits.dtype)
    log_prob = -cross_entropy(logits, labels)
    share = log_prob.exp() if reward == "probability" else (1 + log_prob / math.log(logits.shape[-1])).clamp(min=0)
    return torch.where(labels < 0, 0, share)


def cross_entropy(logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """For each image, in nats; where there is no class (a negative label), against all classes alike."""
    log_probs = logits.log_softmax(dim=-1)
    of_class = log_probs.gather(-1, labels.clamp(min=0)[:, None]).squeeze(dim=-1)
    return -torch.where(labels < 0, log_probs.mean(dim=-1), of_class)
