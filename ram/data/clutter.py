"""Larger images: a digit that lies anywhere, among pieces of other digits (paper section 4.1).

The paper places an MNIST digit at a random location of a larger blank image, and then adds 8x8 subpatches of other
random digits at random locations. Here every place inside the image is equally likely for a digit or a piece, and so is
every subpatch of the other digits, blank ones included. Grey levels are added and clamped to white, as in the generator
that the authors published later: a piece may lie over the digit, but erases nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int, UInt8
from torch import Generator, Tensor

from ram.data.mnist import Digits, as_floats

PIECE = 8  # pixels a side


def scatter(
    digits: Float[Tensor, "batch height width"], image_size: int, generator: Generator
) -> Float[Tensor, "batch image_size image_size"]:
    """Puts each digit into an empty image, at a random place.

    Args:
        digits: square images, at most `image_size` pixels a side; returned as they are where they have that size.
        image_size: side of the new images, in pixels.
        generator: source of all places, on the images' device.
    """
    if image_size == digits.shape[-1]:
        return digits
    images = digits.new_zeros(len(digits), image_size, image_size)
    _add(images, digits, generator)
    return images


def centred(
    digits: Float[Tensor, "batch height width"], image_size: int
) -> Float[Tensor, "batch image_size image_size"]:
    """Puts each digit into the middle of an empty image: alone, wherever and among whatever it lies otherwise."""
    images = digits.new_zeros(len(digits), image_size, image_size)
    height, width = digits.shape[1:]
    top, left = (image_size - height) // 2, (image_size - width) // 2
    images[:, top : top + height, left : left + width] = digits
    return images


def strew(
    images: Float[Tensor, "batch height width"],
    others: UInt8[Tensor, "others side side"],
    clutter: int,
    generator: Generator,
) -> None:
    """Adds pieces of other digits to each image, in place.

    Args:
        images: square images.
        others: grey levels of the digits that pieces are cut from.
        clutter: pieces an image.
        generator: source of all pieces and places, on the images' device.
    """
    blank = images.new_empty(len(images), PIECE, PIECE)
    for _ in range(clutter):
        donor = _random(len(others), len(images), generator)[:, None, None]
        pieces = others[donor, *_anywhere(blank, others, generator)]
        _add(images, as_floats(pieces), generator)


def ink_centre(images: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch 2"]:
    """The centre of mass of each image's ink, (x, y) in [-1, 1]; the middle for a blank image."""
    height, width = images.shape[1:]
    across, down = ((torch.arange(side, device=images.device) + 0.5) * 2 / side - 1 for side in (width, height))
    ink = images.sum(dim=(1, 2)).clamp(min=1e-6)
    return torch.stack([images.sum(dim=1) @ across / ink, images.sum(dim=2) @ down / ink], dim=-1)


def scattered(digits: Digits, image_size: int, clutter: int, *, seed: int) -> Digits:
    """Puts digits into larger images, among clutter, to measure a model; the same seed gives the same images."""
    if not len(digits.labels):  # there is nothing to cut pieces from
        return Digits(digits.images.new_zeros(0, image_size, image_size), digits.labels)
    generator = Generator().manual_seed(seed)
    images = scatter(as_floats(digits.images), image_size, generator)
    strew(images, digits.images, clutter, generator)
    return Digits((images * 255).round().to(torch.uint8), digits.labels)


def _add(
    images: Float[Tensor, "batch height width"], pieces: Float[Tensor, "batch side side"], generator: Generator
) -> None:
    """Adds each piece to its image at a random place, and clamps to white."""
    place = (torch.arange(len(images), device=images.device)[:, None, None], *_anywhere(pieces, images, generator))
    images[place] = (images[place] + pieces).clamp(max=1)


def _anywhere(squares: Tensor, images: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Row and column indices of one random place in each image for a square of that size."""
    side = squares.shape[-1]
    top, left = (_random(images.shape[-1] - side + 1, len(squares), generator) for _ in range(2))
    reach = torch.arange(side, device=top.device)
    return (top[:, None] + reach)[:, :, None], (left[:, None] + reach)[:, None, :]


def _random(below: int, count: int, generator: Generator) -> Int[Tensor, " count"]:
    return torch.randint(below, (count,), generator=generator, device=generator.device)
