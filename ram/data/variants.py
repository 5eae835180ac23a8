"""Ways of writing that MNIST hardly knows: ones with a serif or a foot, sevens with a bar, zeros with a slash.

Whoever draws in the app writes them all the same. Here they are made from MNIST's digits, by a stroke or two.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

ZERO, ONE, SEVEN = 0, 1, 7
FOOT = 0.4  # share of the ones with a serif that get a foot, too


def add_variants(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Draws into a `share` of the ones, sevens and zeros what makes them another way of writing."""
    if not share:
        return images
    chosen = torch.rand(len(images), generator=generator, device=images.device) < share
    chosen &= (labels == ZERO) | (labels == ONE) | (labels == SEVEN)
    changed = images.clone()
    changed[chosen] = _vary(images[chosen], labels[chosen], generator)
    return changed


def _vary(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Changes every one of these ones, sevens and zeros."""
    count, device = len(images), images.device
    random = torch.rand(7, count, generator=generator, device=device)
    thickness = 1.8 + 1.4 * random[0]
    rows = (images > 0.5).any(dim=2)
    top = rows.float().argmax(dim=1)
    bottom = images.shape[1] - 1 - rows.flip(1).float().argmax(dim=1)
    one, seven, zero = (labels == digit for digit in (ONE, SEVEN, ZERO))

    # Down to the left from the top of the stem, at 20 to 65 degrees.
    angle, length = torch.deg2rad(20 + 45 * random[1]), 3 + 6 * random[2]
    head = torch.stack([_ink_in_row(images, top), top + 0.5 * thickness], dim=1)
    serif = head + torch.stack([-length * angle.cos(), length * angle.sin()], dim=1)
    images = draw_stroke(images, head, serif, thickness, one)
    half = torch.stack([3 + 2.5 * random[3], torch.zeros(count, device=device)], dim=1)
    foot = torch.stack([_ink_in_row(images, bottom), bottom - 0.5 * thickness], dim=1)
    images = draw_stroke(images, foot - half, foot + half, thickness, one & (random[4] < FOOT))

    # Across the leg, about its middle, rising by up to two pixels.
    waist = (top + (0.45 + 0.2 * random[1]) * (bottom - top)).long()
    leg = torch.stack([_ink_in_row(images, waist), waist.to(images.dtype)], dim=1)
    half = torch.stack([3 + 2 * random[2], -random[3]], dim=1)
    images = draw_stroke(images, leg - half, leg + half, thickness, seven)

    # From the upper right to the lower left, inside the ring or over it.
    middle = torch.stack([_middle(images), (top + bottom) / 2], dim=1)
    half = torch.stack([-(2 + 4 * random[5]), 5 + 6 * random[6]], dim=1)
    return draw_stroke(images, middle - half, middle + half, thickness, zero)


def _ink_in_row(images: Float[Tensor, "batch height width"], row: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """Where in a row of each image the ink is, on average, in pixels; the middle where there is none."""
    line = images[torch.arange(len(images), device=images.device), row]
    across = torch.arange(line.shape[1], device=images.device, dtype=images.dtype)
    ink = line.sum(dim=1)
    return torch.where(ink > 0, (line * across).sum(dim=1) / ink.clamp(min=1e-6), across.mean())


def _middle(images: Float[Tensor, "batch height width"]) -> Float[Tensor, " batch"]:
    columns = (images > 0.5).any(dim=1).float()
    left, right = columns.argmax(dim=1), images.shape[2] - 1 - columns.flip(1).argmax(dim=1)
    return (left + right) / 2


def draw_stroke(
    images: Float[Tensor, "batch height width"],
    start: Float[Tensor, "batch 2"],
    end: Float[Tensor, "batch 2"],
    thickness: Float[Tensor, " batch"],
    where: Tensor,
) -> Float[Tensor, "batch height width"]:
    """Adds a straight stroke with round ends from (x, y) to (x, y) in pixels, to the images of `where`."""
    height, width = images.shape[1:]
    x = torch.arange(width, device=images.device) - start[:, 0, None, None]
    y = torch.arange(height, device=images.device)[:, None] - start[:, 1, None, None]
    along_x, along_y = (end - start).t()[..., None, None]
    squared_length = (along_x.square() + along_y.square()).clamp(min=1e-6)
    share = ((x * along_x + y * along_y) / squared_length).clamp(0, 1)  # of the stroke, until where it is nearest
    distance = torch.hypot(x - share * along_x, y - share * along_y)
    ink = (thickness[:, None, None] / 2 + 0.5 - distance).clamp(0, 1)
    return torch.where(where[:, None, None], torch.maximum(images, ink), images)
