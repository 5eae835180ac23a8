"""A trained model as the beginning of one that sees more: further scales, a larger image."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig


def grow(weights: dict[str, Tensor], start: CheckpointInfo, config: RAMConfig, image_size: int) -> dict[str, Tensor]:
    """The weights of a start, made fit for a model with more scales, or for images of another size.

    To scales that the start did not have, the model is blind at first: their weights are zero. Locations are given
    as shares of the image, so the maps from and to them are scaled to mean the same distance in pixels.

    Args:
        weights: the start's, by name.
        start: what the start says about itself.
        config: the new model, which `check_fit` has found to fit.
        image_size: side of the images that the new model is to see, in pixels.
    """
    grown = dict(weights)
    encoder = "glimpse_network.glimpse_encoder.weight"
    grown[encoder] = F.pad(weights[encoder], (0, config.patch_features - start.config.patch_features))
    ratio = image_size / start.image_size
    grown["glimpse_network.location_encoder.weight"] = weights["glimpse_network.location_encoder.weight"] * ratio
    for name in ("location_network.linear.weight", "location_network.linear.bias"):
        grown[name] = weights[name] / ratio
    return grown
