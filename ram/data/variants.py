"""Digits as people write and draw them, but MNIST hardly knows them: serifs and bars, gaps, a line below."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

ZERO, ONE, SEVEN = 0, 1, 7
FOOT = 0.4  # share of the ones with a serif that also get a foot
CUTS = 3  # through a digit with gaps


def add_variants(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Adds a serif or a foot, a bar, or a slash to the ones, sevens and zeros among the first `share` of the images."""
    count = round(share * len(images))
    if not count:
        return images
    return torch.cat([_vary(images[:count], labels[:count], generator), images[count:]])


def add_gaps_and_lines(
    images: Float[Tensor, "batch height width"], share: float, generator: Generator, *, after: int = 0
) -> Float[Tensor, "batch height width"]:
    """Breaks the strokes of a `share` of the images, and draws a line below as many others.

    They are the first behind those that come before position `after`.
    """
    count = round(share * len(images))
    before, broken, lined, rest = images.tensor_split([after, after + count, after + 2 * count])
    if not len(broken):
        return images
    return torch.cat([before, _break(broken, generator), _underline(lined, generator), rest])


def _vary(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Changes each one, seven and zero."""
    count, device = len(images), images.device
    random = torch.rand(7, count, generator=generator, device=device)
    thickness = 1.8 + 1.4 * random[0]
    rows = (images > 0.5).any(dim=2)
    top = rows.float().argmax(dim=1)
    bottom = images.shape[1] - 1 - rows.flip(1).float().argmax(dim=1)
    one, seven, zero = (labels == digit for digit in (ONE, SEVEN, ZERO))

    # Down to the left from the top of the stem, at 20 to 65 degrees, up to half as long as the stem.
    angle, length = torch.deg2rad(20 + 45 * random[1]), 3 + 8 * random[2]
    head = torch.stack([_ink_in_row(images, top), top + 0.5 * thickness], dim=1)
    serif = head + torch.stack([-length * angle.cos(), length * angle.sin()], dim=1)
    images = draw_stroke(images, head, serif, thickness, one)
    half = torch.stack([3 + 2.5 * random[3], torch.zeros(count, device=device)], dim=1)
    foot = torch.stack([_ink_in_row(images, bottom), bottom - 0.5 * thickness], dim=1)
    images = draw_stroke(images, foot - half, foot + half, thickness, one & (random[4] < FOOT))

    # Across the leg, about its middle or lower, rising by up to eight pixels.
    waist = (top + (0.4 + 0.3 * random[1]) * (bottom - top)).long()
    leg = torch.stack([_ink_in_row(images, waist), waist.to(images.dtype)], dim=1)
    half = torch.stack([3 + 3 * random[2], -4 * random[3].square()], dim=1)
    images = draw_stroke(images, leg - half, leg + half, thickness, seven)

    # From the upper right to the lower left, inside the ring or far over it.
    middle = torch.stack([_middle(images), (top + bottom) / 2], dim=1)
    half = torch.stack([-(2 + 7 * random[5]), 4 + 7 * random[6]], dim=1)
    return draw_stroke(images, middle - half, middle + half, thickness, zero)


def _break(images: Float[Tensor, "batch height width"], generator: Generator) -> Float[Tensor, "batch height width"]:
    """Erases a few thin lines of each image."""
    count, side, device = len(images), images.shape[-1], images.device
    start, end = side * torch.rand(2, CUTS * count, 2, generator=generator, device=device)
    thickness = 0.3 + 1.2 * torch.rand(CUTS * count, generator=generator, device=device)
    everywhere = torch.ones(CUTS * count, dtype=torch.bool, device=device)
    cuts = draw_stroke(images.new_zeros(CUTS * count, side, side), start, end, thickness, everywhere)
    return images * (1 - cuts.unflatten(0, (CUTS, count)).amax(dim=0))


def _underline(
    images: Float[Tensor, "batch height width"], generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Makes each digit smaller, moves it up, and draws a line below it."""
    count, side, device = len(images), images.shape[-1], images.device
    random = torch.rand(7, count, generator=generator, device=device)
    size, up = 0.5 + 0.4 * random[0], (1 + 3 * random[1]) * 2 / side
    place = ((torch.arange(side, device=device) + 0.5) * 2 / side - 1).expand(count, side)
    across, down = place / size[:, None], (place + up[:, None]) / size[:, None]
    grid = torch.stack([across[:, None].expand(-1, side, -1), down[:, :, None].expand(-1, -1, side)], dim=-1)
    small = F.grid_sample(images[:, None], grid, mode="bicubic", align_corners=False).squeeze(dim=1).clamp_(0, 1)
    bottom = side - 1 - (small > 0.5).any(dim=2).flip(1).float().argmax(dim=1)
    middle = torch.stack([side / 2 + 4 * random[2] - 2, (bottom + 1.5 + 2.5 * random[3]).clamp(max=side - 2)], dim=1)
    half = torch.stack([2 + 8 * random[4], random[5] - 0.5], dim=1)
    everywhere = torch.ones(count, dtype=torch.bool, device=device)
    return draw_stroke(small, middle - half, middle + half, 0.8 + 1.8 * random[6], everywhere)


def _ink_in_row(images: Float[Tensor, "batch height width"], row: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """The mean column of the ink in one row of each image, in pixels; the middle column if there is none."""
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
    """Adds a straight stroke with round ends from (x, y) to (x, y) in pixels, to the images that `where` selects."""
    height, width = images.shape[1:]
    x = torch.arange(width, device=images.device) - start[:, 0, None, None]
    y = torch.arange(height, device=images.device)[:, None] - start[:, 1, None, None]
    along_x, along_y = (end - start).t()[..., None, None]
    squared_length = (along_x.square() + along_y.square()).clamp(min=1e-6)
    share = ((x * along_x + y * along_y) / squared_length).clamp(0, 1)  # of the stroke, up to its nearest point
    distance = torch.hypot(x - share * along_x, y - share * along_y)
    ink = (thickness[:, None, None] / 2 + 0.5 - distance).clamp(0, 1)
    return torch.where(where[:, None, None], torch.maximum(images, ink), images)
