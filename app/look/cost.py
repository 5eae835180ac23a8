"""What a look costs, known from the model's configuration alone: before the model is trained, uploaded, or looks.

A look's numbers also travel: into the viewer, the charts and every export.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from app.server.limits import read_limits

if TYPE_CHECKING:
    from ram.config import RAMConfig


class LookCost(NamedTuple):
    """What one look at one image takes."""

    multiplications: int
    glimpses: int
    levels: int
    """Grey levels in all patches."""
    probabilities: int
    pixels: int
    """Of the image."""
    padded: int
    """Pixels of the image with room for the windows beyond its border, at all scales."""

    @property
    def milliseconds(self) -> float:
        """Of a core, for the look, the viewer and the charts together: about that, on an ordinary machine.

        Measured with models that are large in one respect each (docs/reliability.md).
        """
        looking = 0.3e-6 * self.multiplications + 0.15 * self.glimpses + 3e-6 * self.padded
        return looking + self.levels / 5000 + self.pixels / 6000 + self.probabilities / 400

    @property
    def milliseconds_of_many(self) -> float:
        """The same for one of many looks that are computed together, without a viewer."""
        return 0.02 + 0.04e-6 * self.multiplications + 5e-6 * self.padded + 2e-6 * self.levels


def look_cost(config: RAMConfig, image_size: int) -> LookCost:
    """What one look of such a model takes, at an image of `image_size` pixels a side."""
    encoding = config.glimpse_hidden_size * (config.patch_features + 2 + 2 * config.hidden_size)
    core = (8 if config.use_lstm else 2) * config.hidden_size**2
    reading = config.hidden_size * (2 + 1 + config.num_actions)
    return LookCost(
        multiplications=config.num_glimpses * (encoding + core + reading),
        glimpses=config.num_glimpses,
        levels=config.num_glimpses * config.patch_features,
        probabilities=config.num_glimpses * config.num_actions,
        pixels=image_size**2,
        padded=sum((image_size + config.window_size(scale)) ** 2 for scale in range(config.num_scales)),
    )


USUAL = LookCost(6 * 208_384, glimpses=6, levels=6 * 8 * 8, probabilities=6 * 10, pixels=28 * 28, padded=36 * 36)
"""That of the specification's model."""


def look_problem(config: RAMConfig, image_size: int) -> str:
    """Why such a model may not look here, as the end of a sentence about it; empty if it may."""
    times, most = look_cost(config, image_size).milliseconds / USUAL.milliseconds, read_limits().largest_look
    if times <= most:
        return ""
    usual = "as much computing for a look as a usual model"
    return f"takes {math.ceil(times):,} times {usual}, at most {most:g} are allowed here"
