"""Random changes of training digits: other hands, other pens, other ways of writing, and a few unreadable images."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import AugmentationConfig
from ram.data.mnist import Digits, as_floats
from ram.data.unreadable import make_unreadable
from ram.data.variants import add_gaps_and_lines, add_variants

PLAIN = 0.25  # share of the digits that are not warped, but only moved
SHARPEST = 0.8  # at half of it, a warped digit is as sharp as one that was not warped
ELASTIC_MESH = 4  # nodes a side: shifts differ within a digit, but not within the width of a stroke


def augment(
    digits: Digits, config: AugmentationConfig, generator: Generator, strength: float | Tensor = 1.0
) -> tuple[Float[Tensor, "batch height width"], Int[Tensor, " batch"]]:
    """Changes digits at random; returns them, as grey levels in [0, 1], with their labels.

    Nothing here waits for the device, so that a GPU can record it: how many digits of a batch are changed in which way
    is fixed, and which of them follows from their order, which must be random.

    Args:
        digits: in random order. The label of an image that is made unreadable becomes `unreadable.NONE`.
        config: what is changed, and how strongly.
        generator: source of everything random, on the digits' device.
        strength: factor of the warp and of the change of thickness, in [0, 1].
    """
    images = add_variants(as_floats(digits.images), digits.labels, config.variants, generator)
    varied = round(config.variants * len(images))
    images = add_gaps_and_lines(images, config.gaps_and_lines, generator, after=varied)
    images, labels = make_unreadable(images, digits.labels, config.unreadable, generator)
    return distort(images, config, generator, strength), labels


def distort(
    images: Float[Tensor, "batch height width"],
    config: AugmentationConfig,
    generator: Generator,
    strength: float | Tensor = 1.0,
) -> Float[Tensor, "batch height width"]:
    """Warps each image at random, as another hand would, and changes the width of its strokes, as another pen would.

    PLAIN of the images are only moved, by whole pixels. The others are as sharp afterwards as before, on average:
    a model that is trained on softer digits than it is measured on reads these worse.
    """
    warps = config.rotation or config.scaling or config.shear or config.translation or config.elastic
    if not (warps or config.thickness):
        return images
    count, device = len(images), images.device
    changed = (torch.rand(count, generator=generator, device=device) >= PLAIN).float() * strength
    if warps:
        images = _warp(images, config, changed, generator)
    if config.thickness:
        images = _thicken(images, config.thickness * changed, generator)
    if warps:
        sharpness = SHARPEST * torch.rand(count, generator=generator, device=device)
        images = _sharpen(images, sharpness * (changed > 0))
    return images


def _warp(
    images: Float[Tensor, "batch height width"],
    config: AugmentationConfig,
    strength: Float[Tensor, " batch"],
    generator: Generator,
) -> Float[Tensor, "batch height width"]:
    """A random affine map and a smooth local shift, with bicubic interpolation and zeros outside.

    Images of strength 0 are shifted by whole pixels.
    """
    batch, height, width = images.shape
    device = images.device
    uniform = torch.rand(6, batch, generator=generator, device=device) * 2 - 1
    shape = uniform[:4] * strength
    angle = shape[0] * math.radians(config.rotation)
    scale_x, scale_y = 1 + shape[1] * config.scaling, 1 + shape[2] * config.scaling
    shear = shape[3] * config.shear
    shift = uniform[4:] * config.translation
    shift_x, shift_y = torch.where(strength > 0, shift * strength, shift.round())
    cos, sin = angle.cos(), angle.sin()
    # Where each pixel's grey level comes from, in half widths around the middle, as grid_sample wants it.
    x, y = ((torch.arange(side, device=device) + 0.5) * 2 / side - 1 for side in (width, height))
    x, y = x[None, None, :], y[None, :, None]
    columns = _each(cos * scale_x) * x + _each((shear * cos - sin) * scale_y) * y + _each(shift_x) * 2 / width
    rows = _each(sin * scale_x) * x + _each((shear * sin + cos) * scale_y) * y + _each(shift_y) * 2 / height
    if config.elastic:
        # Independent shifts of a coarse mesh, smooth in between (after Simard et al. 2003).
        mesh = torch.rand(batch, 2, ELASTIC_MESH, ELASTIC_MESH, generator=generator, device=device) * 2 - 1
        local = (_bicubic(height, device) @ mesh @ _bicubic(width, device).t()).clamp(-1, 1)
        local = local * (config.elastic * strength)[:, None, None, None]
        columns, rows = columns + local[:, 0] * 2 / width, rows + local[:, 1] * 2 / height
    grid = torch.stack([columns, rows], dim=-1)
    return F.grid_sample(images[:, None], grid, mode="bicubic", align_corners=False).squeeze(dim=1).clamp_(0, 1)


def _bicubic(side: int, device: torch.device) -> Float[Tensor, "side nodes"]:
    """The weight of each node of the mesh in each pixel: a matrix product is ten times as fast as interpolation."""
    nodes = torch.eye(ELASTIC_MESH, device=device)
    return F.interpolate(nodes[None, None], (side, ELASTIC_MESH), mode="bicubic", align_corners=True)[0, 0]


def _each(values: Float[Tensor, " batch"]) -> Float[Tensor, "batch 1 1"]:
    """Shapes one value for each image so that it applies to all its pixels."""
    return values[:, None, None]


def _thicken(
    images: Float[Tensor, "batch height width"], most: Float[Tensor, " batch"], generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Blends each image with itself after its strokes have grown, or shrunk, by a pixel on each side."""
    amount = _each((torch.rand(len(images), generator=generator, device=images.device) * 2 - 1) * most)
    sign = amount.sign()  # strokes shrink where the paper grows
    return images + amount.abs() * (sign * _most_around(sign * images) - images)


def _most_around(images: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
    """The largest value among each pixel and its neighbours; max_pool2d takes twenty times as long."""
    padded = F.pad(images, (1, 1, 1, 1), value=-math.inf)
    rows = padded[:, :-2].maximum(padded[:, 1:-1]).maximum(padded[:, 2:])
    return rows[:, :, :-2].maximum(rows[:, :, 1:-1]).maximum(rows[:, :, 2:])


def _sharpen(
    images: Float[Tensor, "batch height width"], strength: Float[Tensor, " batch"]
) -> Float[Tensor, "batch height width"]:
    """Adds to each image what blurring would take from it, times the strength (an unsharp mask)."""
    padded = F.pad(images, (1, 1, 1, 1))
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    blurred = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
    return (images + _each(strength) * (images - blurred)).clamp_(0, 1)
