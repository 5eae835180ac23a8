"""A trained model as the beginning of one that sees more: further scales, a larger image."""

from __future__ import annotations

import dataclasses

import torch.nn.functional as F
from torch import Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig
from ram.options import ConfigError

# Fields in which a run may differ from the checkpoint whose weights it begins with.
FREE_FIELDS = {"num_glimpses", "location_std"}


def grow(weights: dict[str, Tensor], start: CheckpointInfo, config: RAMConfig, image_size: int) -> dict[str, Tensor]:
    """Fits the weights of a start to a model with more scales, or to images of another size.

    The model is blind at first to scales that the start did not have: their weights are zero. Locations are shares of
    the image, so the maps from and to them are scaled to mean the same distance in pixels.

    Args:
        weights: the weights of the start, by name.
        start: the start's description of itself.
        config: the new model, which `check_fit` has accepted.
        image_size: side of the images for the new model, in pixels.
    """
    grown = dict(weights)
    encoder = "glimpse_network.glimpse_encoder.weight"
    grown[encoder] = F.pad(weights[encoder], (0, config.patch_features - start.config.patch_features))
    ratio = image_size / start.image_size
    grown["glimpse_network.location_encoder.weight"] = weights["glimpse_network.location_encoder.weight"] * ratio
    for name in ("location_network.linear.weight", "location_network.linear.bias"):
        grown[name] = weights[name] / ratio
    return grown


def check_fit(model: RAMConfig, start: RAMConfig) -> None:
    """Checks that a model can begin with the weights of another.

    Raises:
        ConfigError: they differ in a field that shapes the weights, or what is seen. More scales are possible.
    """
    for name, value in dataclasses.asdict(start).items():
        more_scales = name == "num_scales" and model.num_scales > value
        if name not in FREE_FIELDS and not more_scales and getattr(model, name) != value:
            raise ConfigError(
                f"{name}={getattr(model, name)!r} is not possible: the checkpoint to start from has {name}={value!r}"
            )
