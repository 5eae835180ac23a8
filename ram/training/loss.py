"""The loss: cross-entropy for the action, REINFORCE for the locations (paper section 3.2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ram.config import Baseline, Reward, TrainConfig
from ram.model import RAM, Episode
from ram.training.batches import Batch
from ram.training.pull import distance_from_digit

READINGS = ("action_loss", "reinforce_loss", "value_loss", "reward", "value", "location_spread")


class Objective(nn.Module):
    """What training minimises; a module of its own, because DistributedDataParallel wraps modules."""

    def __init__(self, model: RAM, config: TrainConfig) -> None:
        super().__init__()
        self.model = model
        self.config = config

    def forward(self, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, " readings"]]:
        """The loss of a batch, and its READINGS."""
        config = self.config.loss
        episode, values, loss = self.losses(batch)
        total = loss.action + config.reinforce_weight * loss.reinforce + config.value_weight * loss.value
        if batch.centre is not None:
            total = total + self.config.pull.guidance * distance_from_digit(
                episode.location_means[1:],
                _each_rollout(batch.centre, config.rollouts),
                image_size=self.config.data.image_size,
                coverage=self.config.pull.coverage,
            )
        # Of the population, because a batch may be a single episode.
        spread = episode.location_means.std(dim=1, correction=0)[1:].sum() / max(1, len(episode.location_log_probs)) / 2
        parts = [loss.action, loss.reinforce, loss.value, loss.reward.mean(), values[-1].mean(), spread]
        return total, torch.stack([part.detach().float() for part in parts])

    def losses(self, batch: Batch) -> Scored:
        """The episodes of a batch, and the parts of their loss, unweighted."""
        config = self.config.loss
        episode = self.model.episode(
            batch.images,
            rollouts=config.rollouts,
            initial_location=batch.initial_location,
            noise=batch.noise,
            location_std=config.location_noise,
        )
        values = self.model.values(episode)
        loss = hybrid_loss(
            self.model.action_network.logits(episode.hidden_states[-1]),
            values,
            episode.location_log_probs,
            _each_rollout(batch.labels, config.rollouts),
            rollouts=config.rollouts,
            baseline=config.baseline,
            reward=config.reward,
        )
        return Scored(episode, values, loss)


def _each_rollout(of_images: Tensor, rollouts: int) -> Tensor:
    """What belongs to an image, once for each of its rollouts, side by side."""
    return of_images[:, None].expand(-1, rollouts, *of_images.shape[1:]).flatten(0, 1)


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


class Scored(NamedTuple):
    """Episodes, and what the loss made of them."""

    episode: Episode
    values: Float[Tensor, "glimpses batch"]
    """The value network's estimates after each glimpse."""
    loss: HybridLoss


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

    With the reward "hit" an episode earns 1 for the right class, else 0 (paper section 3.2). With "information" it
    earns 1 + log p, where p is the probability of the right class and the base is the number of classes, and at least
    0: a guess earns 0, certainty 1. This has less noise, and the policy then descends the cross-entropy, as all else
    does.

    For an image without a class (a negative label) every class should be equally likely, and it earns nothing.

    The reward comes at the end and is not discounted, so every step's return is the final reward R. The
    move from glimpse t to t+1 is chosen after glimpse t; its baseline is the value estimated then. No move
    follows the last value.
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
    share = (1 + log_prob / math.log(logits.shape[-1])).clamp(min=0)
    return torch.where(labels < 0, 0, share)


def cross_entropy(logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """Of each image, in nats; an image without a class (a negative label) is compared with the uniform distribution."""
    log_probs = logits.log_softmax(dim=-1)
    of_class = log_probs.gather(-1, labels.clamp(min=0)[:, None]).squeeze(dim=-1)
    return -torch.where(labels < 0, log_probs.mean(dim=-1), of_class)
