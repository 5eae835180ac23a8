"""The hybrid loss: cross-entropy for the action, REINFORCE for the locations (paper section 3.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ram.config import Baseline


class HybridLoss(NamedTuple):
    """The parts of the loss, each a mean over episodes, and what they were made of."""

    action: Float[Tensor, ""]
    """Cross-entropy of the final classification, in nats."""
    reinforce: Float[Tensor, ""]
    """Surrogate whose gradient is the policy gradient, summed over the moves of an episode."""
    value: Float[Tensor, ""]
    """Mean squared error of the value estimates, over all glimpses."""
    reward: Float[Tensor, " batch"]
    """1 for each episode that ended with the right class, else 0."""


def hybrid_loss(
    logits: Float[Tensor, "batch classes"],
    values: Float[Tensor, "glimpses batch"],
    location_log_probs: Float[Tensor, "moves batch"],
    labels: Int[Tensor, " batch"],
    *,
    rollouts: int = 1,
    baseline: Baseline = "value",
) -> HybridLoss:
    """Scores episodes; the rollouts of one image stand side by side.

    The reward comes at the end and is not discounted, so every step's return is the final reward R. The
    move from glimpse t to t+1 is chosen after glimpse t; its baseline is the value estimated then, and
    the last value, after which nothing is chosen, is a baseline of no move.
    """
    reward = (logits.argmax(dim=-1) == labels).to(logits.dtype)
    if baseline == "value":
        expected = values[:-1]
    elif baseline == "rollouts":
        of_image = reward.view(-1, rollouts)
        expected = ((of_image.sum(dim=1, keepdim=True) - of_image) / (rollouts - 1)).view(-1)
    else:
        expected = torch.zeros_like(reward)
    # Detached: the advantage is a weight of the policy gradient, not a path for it (paper section 3.2).
    advantage = (reward - expected).detach()
    return HybridLoss(
        action=F.cross_entropy(logits, labels),
        reinforce=-(advantage * location_log_probs).sum(dim=0).mean(),
        value=F.mse_loss(values, reward.expand_as(values)),
        reward=reward,
    )
