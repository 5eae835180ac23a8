"""Images that are no digit, made from digits and strokes: what a model is to be unsure about.

A network that has only ever seen digits takes everything for one. Trained with a few of these, for which every class is
equally likely, it says of scribbles and letters that it does not know (after Hendrycks et al. 2019, outlier exposure).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.data.variants import draw_stroke

NONE = -1  # the label of an image that is no digit
ONE = 1
FEWEST, MOST = 4, 8  # strokes of a scribble; with fewer it could be a one or a seven


def add_nonsense(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> tuple[Float[Tensor, "batch height width"], Int[Tensor, " batch"]]:
    """Makes a `share` of the images unreadable, and labels these NONE: half are pairs of digits, half scribbles."""
    if not share:
        return images, labels
    count, device = len(images), images.device
    chosen = torch.rand(count, generator=generator, device=device) < share
    paired = torch.rand(count, generator=generator, device=device) < 0.5
    changed = images.clone()
    changed[chosen & paired] = _pairs(images, labels, int((chosen & paired).sum()), generator)
    changed[chosen & ~paired] = _scribbles(images, int((chosen & ~paired).sum()), generator)
    return changed, torch.where(chosen, NONE, labels)


def _pairs(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """Two digits over each other, the second on its side. No ones: they would bar a seven, or slash a zero."""
    usable = images[labels != ONE] if bool((labels != ONE).any()) else images
    first, second = (
        usable[torch.randint(len(usable), (count,), generator=generator, device=images.device)] for _ in range(2)
    )
    return torch.maximum(first, second.rot90(dims=(1, 2)))


def _scribbles(
    images: Float[Tensor, "batch height width"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """A line that turns at random, in the space and about as thick as a digit."""
    device, side = images.device, images.shape[-1]
    points = (0.15 + 0.7 * torch.rand(MOST + 1, count, 2, generator=generator, device=device)) * side
    thickness = (1.5 + 2.5 * torch.rand(count, generator=generator, device=device)) * side / 28
    strokes = torch.randint(FEWEST, MOST + 1, (count,), generator=generator, device=device)
    drawn = torch.arange(MOST, device=device)[:, None] < strokes
    paper = images.new_zeros(MOST * count, *images.shape[1:])
    start, end = points[:-1].flatten(0, 1), points[1:].flatten(0, 1)
    lines = draw_stroke(paper, start, end, thickness.repeat(MOST), drawn.flatten())
    return lines.unflatten(0, (MOST, count)).amax(dim=0)
