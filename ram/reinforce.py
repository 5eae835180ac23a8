"""The hybrid loss: cross-entropy for the action, REINFORCE for the locations (paper section 3.2)."""

from __future__ import annotations

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

    An episode earns 1 for the right class, else 0 (paper section 3.2). Less noisy are what that is on average
    when the answer is sampled, the probability p of the right class, and 1 + ln p, at least -3: as a reward it
    makes the policy go down the cross-entropy, like all else.

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
    return HybridLoss(
        action=F.cross_entropy(logits, labels),
        reinforce=-(advantage * location_log_probs).sum(dim=0).mean(),
        value=F.mse_loss(values, earned.expand_as(values)),
        reward=earned,
    )


def _earned(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], reward: Reward
) -> Float[Tensor, " batch"]:
    if reward == "hit":
        return (logits.argmax(dim=-1) == labels).to(logits.dtype)
    log_prob = -F.cross_entropy(logits, labels, reduction="none")
    return log_prob.exp() if reward == "probability" else 1 + log_prob.clamp(min=-4)
