"""Checks of what a caller hands to a model: images, and places to look at."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor

Place = Sequence[float | int] | npt.NDArray | Tensor
"""(x, y) in [-1, 1]: one for all images, or, of shape (B, 2), one each."""


def as_batch(images: Tensor, dtype: torch.dtype) -> Float[Tensor, "batch height width"]:
    """Checks a caller's images, and adds the batch dimension if it is absent.

    Raises:
        ValueError: they are not of a shape, kind or range that a model takes.
    """
    expected = "expected one image (H, W) or a batch (B, H, W), floating point, with values in [0, 1]"
    if not isinstance(images, Tensor):
        raise ValueError(f"images is a {type(images).__name__}, not a torch.Tensor; {expected}")
    if images.dim() not in (2, 3) or 0 in images.shape:
        raise ValueError(f"images has shape {tuple(images.shape)}; {expected}")
    if not images.is_floating_point():
        raise ValueError(f"images has dtype {images.dtype}; {expected} (divide uint8 grey levels by 255)")
    if images.dtype != dtype:
        raise ValueError(f"images has dtype {images.dtype}; {expected}, of the model's dtype {dtype}")
    low, high = (extreme.item() for extreme in torch.aminmax(images))
    if not (low >= 0 and high <= 1):  # also refuses NaN, which aminmax propagates
        raise ValueError(f"images has values from {low:g} to {high:g}; {expected}")
    return images if images.dim() == 3 else images[None]


def as_locations(place: Place, images: Tensor, name: str = "initial_location") -> Float[Tensor, "batch 2"]:
    """Checks a place that a caller calls `name`, and gives one to every image of a batch.

    Raises:
        ValueError: it is not a place in an image, or there is not one for each.
    """
    expected = f"expected (x, y) in [-1, 1], of shape (2,) or ({len(images)}, 2)"
    try:
        location = torch.as_tensor(place, dtype=images.dtype, device=images.device)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # what PyTorch raises for what is no numbers
        raise ValueError(f"{name} is {place!r}; {expected}") from error
    if location.shape not in ((2,), (len(images), 2)):
        raise ValueError(f"{name} has shape {tuple(location.shape)}; {expected}")
    if not bool((location.abs() <= 1).all()):
        raise ValueError(f"{name} has the value {location.tolist()}; {expected}")
    return location.expand(len(images), 2)


def as_forced(
    places: Mapping[int, Place] | None, num_glimpses: int, images: Tensor
) -> dict[int, Float[Tensor, "batch 2"]] | None:
    """Checks where a caller wants glimpses to look, by their index, and gives these places to every image.

    Raises:
        ValueError: there is no such glimpse, or no such place.
    """
    if places is None:
        return None
    expected = f"expected the index of a glimpse from 0 to {num_glimpses - 1}, each with its (x, y)"
    if not isinstance(places, Mapping):
        raise ValueError(f"forced_locations is a {type(places).__name__}, not a mapping; {expected}")
    return {
        _index(key, num_glimpses, expected): as_locations(place, images, f"forced_locations[{key}]")
        for key, place in places.items()
    }


def _index(key: object, num_glimpses: int, expected: str) -> int:
    try:
        index = -1 if isinstance(key, bool) else operator.index(key)  # type: ignore[arg-type]
    except TypeError:
        index = -1
    if not 0 <= index < num_glimpses:
        raise ValueError(f"forced_locations has the key {key!r}; {expected}")
    return index
