"""A pull of looks towards the digit, for models that would not find it by themselves in a large image.

It is no part of the paper, and fades away in the first half of a run.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ram.config import PullConfig

NEAR = 7  # pixels: a look that is no farther from a digit's middle sees some of its strokes
QUARTERS = ((-4, -5), (4, -5), (-4, 5), (4, 5))  # pixels from there to the middles of its quarters
AT = 2  # pixels: a look that is no farther from the middle of a quarter sees it all


def pull_weight(config: PullConfig, progress: float) -> float:
    """The weight of the pull at a run's progress in [0, 1]."""
    return config.guidance * max(0.0, 1 - 2 * progress)


def distance_from_digit(
    means: Float[Tensor, "moves episodes 2"],
    centre: Float[Tensor, "episodes 2"],
    *,
    image_size: int,
    coverage: float,
) -> Float[Tensor, ""]:
    """How far looks are from where they should be, in half widths of the image.

    The distance by which looks miss the digit, where nothing within NEAR pixels of its middle misses it; and,
    `coverage` times, the distance by which the nearest look misses each quarter of the digit, where nothing within AT
    pixels of its middle misses it.

    Args:
        means: the means of the location policy.
        centre: the middle of the digit, (x, y) in [-1, 1].
        image_size: side of the image, in pixels.
        coverage: weight of the second part.
    """
    pixel = 2 / image_size
    miss = (_distance(means, centre) - NEAR * pixel).relu().mean()
    if not coverage:
        return miss
    quarters = centre + pixel * centre.new_tensor(QUARTERS)[:, None]
    nearest = _distance(means[:, None], quarters).amin(dim=0)
    return miss + coverage * (nearest - AT * pixel).relu().mean()


def _distance(
    these: Float[Tensor, "*looks episodes 2"], those: Float[Tensor, "*places episodes 2"]
) -> Float[Tensor, "*both episodes"]:
    return torch.linalg.vector_norm(these - those, dim=-1)
