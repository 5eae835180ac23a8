"""What training makes small, for one batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ram.config import TrainConfig
from ram.model import RAM
from ram.training.reinforce import hybrid_loss

NEAR = 7  # pixels: a look that is no farther from a digit's middle sees some of its strokes
QUARTERS = ((-4, -5), (4, -5), (-4, 5), (4, 5))  # pixels from there to the middles of its quarters
AT = 2  # pixels: a look that is no farther from the middle of a quarter sees it all
READINGS = ("action_loss", "reinforce_loss", "value_loss", "reward", "value", "location_spread")


class Batch(NamedTuple):
    """Images to learn from, and everything random in the episodes that look at them."""

    images: Float[Tensor, "batch height width"]
    labels: Int[Tensor, " batch"]
    centre: Float[Tensor, "batch 2"] | None
    """Where the digit is, (x, y) in [-1, 1]; absent where nothing pulls looks there."""
    initial_location: Float[Tensor, "episodes 2"]
    noise: Float[Tensor, "moves episodes 2"]
    location_std: float
    """Standard deviation of `noise`."""
    of: int
    """Images in the whole batch, of which these are this process's share."""


class Objective(nn.Module):
    """What training makes small: a module of its own, as DistributedDataParallel wants it."""

    def __init__(self, model: RAM, config: TrainConfig) -> None:
        super().__init__()
        self.model = model
        self.config = config

    def forward(self, batch: Batch, guidance: float) -> tuple[Float[Tensor, ""], Float[Tensor, " readings"]]:
        """The loss of a batch, and its READINGS; `guidance` is the weight of the pull towards the digit."""
        config = self.config
        episode = self.model.episode(
            batch.images,
            rollouts=config.rollouts,
            initial_location=batch.initial_location,
            noise=batch.noise,
            location_std=batch.location_std,
        )
        values = self.model.values(episode)
        loss = hybrid_loss(
            self.model.action_network.logits(episode.hidden_states[-1]),
            values,
            episode.location_log_probs,
            batch.labels.repeat_interleave(config.rollouts),
            rollouts=config.rollouts,
            baseline=config.baseline,
            reward=config.reward,
        )
        total = loss.action + config.reinforce_weight * loss.reinforce + config.value_weight * loss.value
        if batch.centre is not None:
            total = total + guidance * self._pull(episode.location_means[1:], batch.centre)
        spread = episode.location_means.std(dim=1)[1:].sum() / max(1, len(episode.location_log_probs)) / 2
        parts = [loss.action, loss.reinforce, loss.value, loss.reward.mean(), values[-1].mean(), spread]
        return total, torch.stack([part.detach().float() for part in parts])

    def _pull(self, means: Float[Tensor, "moves episodes 2"], centre: Float[Tensor, "batch 2"]) -> Float[Tensor, ""]:
        """How far looks are from where they should be, in half widths of the image.

        By how much they miss the digit, nothing within NEAR pixels of its middle; and, `coverage` times, by how much
        the nearest of them misses each quarter of the digit, nothing within AT pixels of its middle.
        """
        pixel = 2 / self.config.image_size
        centre = centre.repeat_interleave(self.config.rollouts, dim=0)
        miss = (_distance(means, centre) - NEAR * pixel).relu().mean()
        if not self.config.coverage:
            return miss
        quarters = centre + pixel * centre.new_tensor(QUARTERS)[:, None]
        nearest = _distance(means[:, None], quarters).amin(dim=0)
        return miss + self.config.coverage * (nearest - AT * pixel).relu().mean()


def _distance(
    these: Float[Tensor, "*looks episodes 2"], those: Float[Tensor, "*places episodes 2"]
) -> Float[Tensor, "*both episodes"]:
    return torch.linalg.vector_norm(these - those, dim=-1)
