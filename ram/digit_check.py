"""Is it a digit at all? Twelve further looks decide.

The ten class probabilities always add up to one: a network that knows digits only takes a plus for a certain four. What
it remembers tells more. The model looks again from three first glimpses, also at the image in the mirror, upside down
and on its side: a letter that looks like a two rarely looks like a two from every side. The digit check is one linear
map of the hidden states of these looks, fitted after training (`ram/digit_check_fit.py`). It is no part of the model
and changes no answer and no probability: it only says which answers are not to be trusted.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ram.config import RAMConfig
from ram.model import RAM

SURE = 0.5  # probability from which an answer is more likely right than wrong
# Always the same, so that one image always gets one verdict.
FIRST_GLIMPSES = [(-0.5, -0.5), (0.0, 0.0), (0.5, 0.5)]
SIDES = 4  # from which each image is looked at


class DigitCheck(NamedTuple):
    """What is fitted: the image shows a digit if `weight` · impressions + `bias` is at least 0."""

    weight: Float[Tensor, " features"]
    bias: Float[Tensor, ""]

    def finds_digit(self, model: RAM, images: Float[Tensor, "batch height width"]) -> Bool[Tensor, " batch"]:
        """Whether each image shows a digit, as far as the model can tell."""
        weight, bias = self.weight.to(images.device), self.bias.to(images.device)
        return impressions(model, images) @ weight + bias >= 0


def features(config: RAMConfig) -> int:
    """The length of the impressions of one image: every hidden unit after every glimpse, from every side."""
    return SIDES * config.num_glimpses * config.hidden_size


@torch.inference_mode()
def impressions(model: RAM, images: Float[Tensor, "batch side side"]) -> Float[Tensor, "batch features"]:
    """The hidden states after each glimpse at each side of each image, averaged over the first glimpses."""
    sides = torch.stack([images, images.flip(2), images.flip(1), images.rot90(dims=(1, 2))], dim=1)
    starts = torch.tensor(FIRST_GLIMPSES, device=images.device)
    episode = model.episode(
        sides.flatten(0, 1),
        rollouts=len(starts),
        sample_locations=False,
        initial_location=starts.repeat(SIDES * len(images), 1),
    )
    states = torch.stack(episode.hidden_states, dim=1).unflatten(0, (len(images), SIDES, len(starts)))
    return states.mean(dim=2).flatten(start_dim=1)
