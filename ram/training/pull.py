"""A pull of looks towards the digit, for models that would not find it by themselves in a large image.

It is no part of the paper.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

NEAR = 7  # pixels: a look that is no farther from a digit's middle sees some of its strokes
QUARTERS = ((-4, -5), (4, -5), (-4, 5), (4, 5))  # pixels from there to the middles of its quarters
AT = 2  # pixels: a look that is no farther from the middle of a quarter sees it all
UNIT = 30  # pixels in which the distance is counted: half the width of images of 60x60


def distance_from_digit(
    means: Float[Tensor, "moves episodes 2"],
    centre: Float[Tensor, "episodes 2"],
    *,
    image_size: int,
    coverage: float,
) -> Float[Tensor, ""]:
    """How far looks are from where they should be, in UNITs of 30 pixels.

    The sum of two means: of each look's distance from the digit's middle, beyond NEAR pixels; and, `coverage` times, of
    the distance from the middle of each quarter of the digit to the nearest look, beyond AT pixels.

    Args:
        means: the means of the location policy.
        centre: the middle of the digit, (x, y) in [-1, 1].
        image_size: side of the image, in pixels.
        coverage: weight of the second part.
    """
    if not len(means):  # a single glimpse, whose place nobody chooses
        return means.sum()
    means, centre = means * image_size / 2, centre * image_size / 2
    miss = (_distance(means, centre) - NEAR).relu().mean()
    if coverage:
        across, down = centre.unbind(dim=-1)
        quarters = torch.stack([torch.stack([across + x, down + y], dim=-1) for x, y in QUARTERS])
        nearest = _distance(means[:, None], quarters).amin(dim=0)
        miss = miss + coverage * (nearest - AT).relu().mean()
    return miss / UNIT


def _distance(
    these: Float[Tensor, "*looks episodes 2"], those: Float[Tensor, "*places episodes 2"]
) -> Float[Tensor, "*both episodes"]:
    return torch.linalg.vector_norm(these - those, dim=-1)
