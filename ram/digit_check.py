"""Is it a digit at all? Twelve further looks decide.

The ten class probabilities always add up to one: a network that knows digits only takes a plus for a certain four. What
it remembers tells more. The model looks again from three first glimpses, also at the image in the mirror, upside down
and on its side: a letter that looks like a two rarely looks like a two from every side. The drawing then lies alone in
the middle of the image (`ram.data.clutter.centred`), because pieces of digits beside it tell of digits. The digit check
is one linear map of the hidden states of these looks, fitted after training (`ram/digit_check_fit.py`). It is no part
of the model and changes no answer and no probability: it only says which answers are not to be trusted.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from ram.config import RAMConfig
from ram.model import RAM, Rollout

SURE = 0.5  # probability from which an answer is more likely right than wrong
# Always the same, so that one image always gets one verdict.
FIRST_GLIMPSES = [(-0.5, -0.5), (0.0, 0.0), (0.5, 0.5)]
SIDES = 4  # from which each image is looked at


class DigitCheck(NamedTuple):
    """What is fitted: the image shows a digit if `weight` · impressions + `bias` is at least 0."""

    weight: Float[Tensor, " features"]
    bias: Float[Tensor, ""]

    def finds_digit(self, model: RAM, images: Float[Tensor, "batch height width"]) -> Bool[Tensor, " batch"]:
        """Whether each image, of a drawing alone in its middle, shows a digit, as far as the model can tell."""
        return self._accepts(impressions(model, images))

    @torch.inference_mode()
    def roll_out(
        self,
        model: RAM,
        image: Float[Tensor, "side side"],
        alone: Float[Tensor, "side side"],
        *,
        sample_locations: bool,
        initial_location: Float[Tensor, " 2"] | None,
        generator: Generator,
    ) -> CheckedRollout:
        """Does what `RAM.rollout` does with one image, and says whether the drawing in it is a digit.

        The look and the further ones are one batch, which takes little more than half the time. The further ones are
        at `alone`: the drawing alone in the middle of an empty image.
        """
        images = image[None]
        start = model.draw_start(1, images, generator) if initial_location is None else initial_location[None]
        std = model.config.location_std
        noise = model.draw_noise(1, images, std if sample_locations else 0.0, generator)
        starts, row = _starts(1, image.device), _rows(image.device)
        episode = model.walk(
            torch.cat([images, _sides(alone[None])]),
            row,
            torch.cat([start.to(starts), starts]),
            F.pad(noise, (0, 0, 0, len(starts))),
            std,
        )
        shown = self._accepts(_mean_states(episode.hidden_states, 1))
        return CheckedRollout(model.read_out(episode.part(slice(1))).single(), bool(shown))

    def _accepts(self, found: Float[Tensor, "batch features"]) -> Bool[Tensor, " batch"]:
        return found @ self.weight.to(found.device) + self.bias.to(found.device) >= 0


class CheckedRollout(NamedTuple):
    """A look at one image."""

    rollout: Rollout
    is_digit: bool
    """Whether the drawing in it is a digit, as far as the model can tell."""


def features(config: RAMConfig) -> int:
    """The length of the impressions of one image: every hidden unit after every glimpse, from every side."""
    return SIDES * config.num_glimpses * config.hidden_size


@torch.inference_mode()
def impressions(model: RAM, images: Float[Tensor, "batch side side"]) -> Float[Tensor, "batch features"]:
    """The hidden states after each glimpse at each side of each image, averaged over the first glimpses."""
    starts = _starts(len(images), images.device)
    episode = model.episode(
        _sides(images), rollouts=len(FIRST_GLIMPSES), sample_locations=False, initial_location=starts
    )
    return _mean_states(episode.hidden_states)


def _sides(images: Float[Tensor, "batch side side"]) -> Float[Tensor, "sides side side"]:
    """Each image from all sides."""
    sides = [images, images.flip(2), images.flip(1), images.rot90(dims=(1, 2))]
    return torch.stack(sides, dim=1).flatten(0, 1)


@functools.lru_cache(maxsize=8)
def _starts(images: int, device: torch.device) -> Float[Tensor, "episodes 2"]:
    """The first locations of all looks at the sides of so many images."""
    return torch.tensor(FIRST_GLIMPSES, device=device).repeat(SIDES * images, 1)


@functools.lru_cache(maxsize=8)
def _rows(device: torch.device) -> Int[Tensor, " episodes"]:
    """Which image each look of `roll_out` is at: the first at its own, and then some at each of the sides."""
    return torch.tensor([0, *(1 + side for side in range(SIDES) for _ in FIRST_GLIMPSES)], device=device)


def _mean_states(states: list[Float[Tensor, "episodes hidden"]], first: int = 0) -> Float[Tensor, "batch features"]:
    """Those of all episodes from the first on that counts."""
    found = torch.stack(states, dim=1)[first:].unflatten(0, (-1, SIDES, len(FIRST_GLIMPSES)))
    return found.mean(dim=2).flatten(start_dim=1)
