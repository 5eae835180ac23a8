"""Random changes of training digits: other hands, other pens, other ways of writing, and a few unreadable images.

A network that has only ever seen digits takes everything for a digit. Trained with a few unreadable images, for which
every class is equally likely, it is unsure about scribbles and letters (after Hendrycks et al. 2019, outlier exposure).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import AugmentationConfig
from ram.data.mnist import Digits, as_floats

ZERO, ONE, SEVEN = 0, 1, 7
NONE = -1  # the label of an image that is no digit
FOOT = 0.4  # share of the ones with a serif that also get a foot
FEWEST, MOST = 4, 8  # strokes of a scribble; with fewer it could look like a one or a seven
ELASTIC_MESH = 4  # nodes a side: shifts differ within a digit, but not within the width of a stroke


def augment(
    digits: Digits, config: AugmentationConfig, generator: Generator
) -> tuple[Float[Tensor, "batch height width"], Int[Tensor, " batch"]]:
    """Changes digits at random; returns them, as grey levels in [0, 1], with their labels.

    The label of an image that was made unreadable is NONE.
    """
    images = add_variants(as_floats(digits.images), digits.labels, config.variants, generator)
    images, labels = make_unreadable(images, digits.labels, config.unreadable, generator)
    return distort(images, config, generator), labels


def distort(
    images: Float[Tensor, "batch height width"], config: AugmentationConfig, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Warps each image at random, as another hand would, and changes the width of its strokes, as another pen would."""
    if config.rotation or config.scaling or config.shear or config.translation or config.elastic:
        images = _warp(images, config, generator)
    if config.thickness:
        images = _thicken(images, config.thickness, generator)
    return images


def _warp(
    images: Float[Tensor, "batch height width"], config: AugmentationConfig, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """A random affine map and a smooth local shift, with bilinear interpolation and zeros outside."""
    batch, height, width = images.shape
    device = images.device
    uniform = torch.rand(6, batch, generator=generator, device=device) * 2 - 1
    angle = uniform[0] * math.radians(config.rotation)
    scale_x, scale_y = 1 + uniform[1] * config.scaling, 1 + uniform[2] * config.scaling
    shear = uniform[3] * config.shear
    cos, sin = angle.cos(), angle.sin()
    # Where each pixel's grey level comes from, in half widths around the middle, as grid_sample wants it.
    x, y = ((torch.arange(side, device=device) + 0.5) * 2 / side - 1 for side in (width, height))
    x, y = x[None, None, :], y[None, :, None]
    columns = _each(cos * scale_x) * x + _each((shear * cos - sin) * scale_y) * y
    rows = _each(sin * scale_x) * x + _each((shear * sin + cos) * scale_y) * y
    shift_x, shift_y = _each(uniform[4]) * 2 / width, _each(uniform[5]) * 2 / height
    grid = torch.stack([columns + config.translation * shift_x, rows + config.translation * shift_y], dim=-1)
    if config.elastic:
        # Independent shifts of a coarse mesh, smooth in between (after Simard et al. 2003).
        mesh = torch.rand(batch, 2, ELASTIC_MESH, ELASTIC_MESH, generator=generator, device=device) * 2 - 1
        shift = (_bicubic(height, device) @ mesh @ _bicubic(width, device).t()).clamp(-1, 1)
        grid = grid + shift.permute(0, 2, 3, 1) * config.elastic * 2 / torch.tensor([width, height], device=device)
    return F.grid_sample(images[:, None], grid, align_corners=False).squeeze(dim=1).clamp_(0, 1)


def _bicubic(side: int, device: torch.device) -> Float[Tensor, "side nodes"]:
    """The weight of each node of the mesh in each pixel: a matrix product is ten times as fast as interpolation."""
    nodes = torch.eye(ELASTIC_MESH, device=device)
    return F.interpolate(nodes[None, None], (side, ELASTIC_MESH), mode="bicubic", align_corners=True)[0, 0]


def _each(values: Float[Tensor, " batch"]) -> Float[Tensor, "batch 1 1"]:
    """Shapes one value for each image so that it applies to all its pixels."""
    return values[:, None, None]


def _thicken(
    images: Float[Tensor, "batch height width"], most: float, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Blends each image with itself after its strokes have grown, or shrunk, by a pixel on each side."""
    amount = (torch.rand(len(images), 1, 1, generator=generator, device=images.device) * 2 - 1) * most
    sign = amount.sign()  # strokes shrink where the paper grows
    return images + amount.abs() * (sign * _most_around(sign * images) - images)


def _most_around(images: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
    """The largest value among each pixel and its neighbours; max_pool2d takes twenty times as long."""
    padded = F.pad(images, (1, 1, 1, 1), value=-math.inf)
    rows = padded[:, :-2].maximum(padded[:, 1:-1]).maximum(padded[:, 2:])
    return rows[:, :, :-2].maximum(rows[:, :, 1:-1]).maximum(rows[:, :, 2:])


def add_variants(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Adds a serif or a foot, a bar, or a slash to a `share` of the ones, sevens and zeros.

    MNIST hardly knows these ways of writing, but many people who draw in the app write so.
    """
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
    """Changes each of these ones, sevens and zeros."""
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


def make_unreadable(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> tuple[Float[Tensor, "batch height width"], Int[Tensor, " batch"]]:
    """Makes a `share` of the images unreadable, and labels them NONE: half are pairs of digits, half scribbles."""
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
    """Two digits over each other, the second on its side; without ones, which would bar a seven, or slash a zero."""
    usable = images[labels != ONE] if bool((labels != ONE).any()) else images
    first, second = (
        usable[torch.randint(len(usable), (count,), generator=generator, device=images.device)] for _ in range(2)
    )
    return torch.maximum(first, second.rot90(dims=(1, 2)))


def _scribbles(
    images: Float[Tensor, "batch height width"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """A line with random turns, about as large and as thick as a digit."""
    device, side = images.device, images.shape[-1]
    points = (0.15 + 0.7 * torch.rand(MOST + 1, count, 2, generator=generator, device=device)) * side
    thickness = (1.5 + 2.5 * torch.rand(count, generator=generator, device=device)) * side / 28
    strokes = torch.randint(FEWEST, MOST + 1, (count,), generator=generator, device=device)
    drawn = torch.arange(MOST, device=device)[:, None] < strokes
    paper = images.new_zeros(MOST * count, *images.shape[1:])
    start, end = points[:-1].flatten(0, 1), points[1:].flatten(0, 1)
    lines = draw_stroke(paper, start, end, thickness.repeat(MOST), drawn.flatten())
    return lines.unflatten(0, (MOST, count)).amax(dim=0)
