"""What would have come out if one glimpse had looked elsewhere: a map of all places, and looks of a sampled gaze."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from app.look.force import Place
from app.look.looking import LookRequest, start_of
from app.look.scene import Floats
from ram import RAM
from ram.model import Episode

FINEST = 28  # places a side: an image as small as that is looked at on each of its pixels ...
COARSE = 20  # ... and a larger one at first on as few as these, ...
REFINED = 96  # ... of which those are quartered where most changes: about 784 places in all, whatever the image
LOOKS = 10
MOST_BYTES = 64 * 2**20  # of patches that are computed at once: those of all our own models fit

_SHOWN = {"probs": 4, "values": 2}  # decimals


class Outcomes(NamedTuple):
    """What N looks came to in the end."""

    probs: Floats
    """(N,), probability of the class that was asked for."""
    answers: npt.NDArray[np.int64]
    """(N,), the most probable class."""
    values: Floats
    """(N,), the value network's last estimate of the reward."""


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """N places that cover an image, and what would have come out if a glimpse had looked at each."""

    glimpse: int
    """From 1."""
    asked: int
    """The class whose probability is compared."""
    places: Floats
    """(N, 2), (x, y) in [-1, 1] of the middle of each place."""
    sides: Floats
    """(N,), how wide and high each place is, in the same unit."""
    outcomes: Outcomes
    """By place."""
    choice: Place
    """Where the model itself looks."""
    own: Outcomes
    """What that comes to, as one look."""

    def better_than(self, quantity: str) -> float:
        """The share of the image, 0 to 1, in which the glimpse would have come to less, by `probs` or `values`."""
        # As precisely as it is shown: what cannot be told apart is not less.
        outcomes, own = (getattr(each, quantity).round(_SHOWN[quantity]) for each in (self.outcomes, self.own))
        less = outcomes < own
        areas = self.sides.astype(float) ** 2
        return float(areas[less].sum() / areas.sum())


class Looks(NamedTuple):
    """Several looks of a sampled gaze."""

    locations: Floats
    """(N, G, 2), (x, y) in [-1, 1]."""
    answers: npt.NDArray[np.int64]
    """(N,), the most probable class after the last glimpse."""


def look_elsewhere(model: RAM, image: Floats, request: LookRequest, glimpse: int, asked: int) -> Elsewhere:
    """Lets one glimpse look everywhere; the ones before it look where they did, those after it where the model likes.

    Args:
        model: what looks.
        image: (H, W) in [0, 1].
        request: how it looks; a sampled gaze keeps its random numbers.
        glimpse: which, from 1.
        asked: the class whose probability is compared.
    """
    walk = _Walk(model, image, request.before(glimpse), asked)
    own = walk.episode(1)
    several = walk.look_at(glimpse, *_grid(FINEST if max(image.shape) <= FINEST else COARSE))
    if max(image.shape) > FINEST:
        several = _refine(walk, glimpse, several)
    choice = own.locations[glimpse - 1, 0].tolist()
    return Elsewhere(glimpse, asked, *several, choice=(choice[0], choice[1]), own=walk.outcomes(own))


def sampled_looks(model: RAM, image: Floats, request: LookRequest, count: int = LOOKS) -> Looks:
    """Lets the model look several times with a sampled gaze, from one first glimpse on."""
    sampled = _Walk(model, image, dataclasses.replace(request, gaze="sampled"), 0)
    episode = sampled.episode(count, sampled.own_noise(count))
    return Looks(episode.locations.transpose(0, 1).cpu().numpy(), sampled.outcomes(episode).answers)


class _Places(NamedTuple):
    places: Floats
    sides: Floats
    outcomes: Outcomes


@dataclasses.dataclass(frozen=True)
class _Walk:
    """Many looks at one image at once, which start alike."""

    model: RAM
    image: Floats
    request: LookRequest
    asked: int

    @torch.inference_mode()
    def episode(
        self, count: int, noise: torch.Tensor | None = None, *, glimpse: int = 0, places: torch.Tensor | None = None
    ) -> Episode:
        """Looks `count` times; `places`, one for each look, are where this glimpse looks."""
        images = self._images()
        forced = {
            index: images.new_tensor(at).expand(count, 2)
            for index, at in self.request.forced(self.model.config.num_glimpses).items()
        }
        if places is not None:
            forced[glimpse - 1] = places
        start, same = self._chance(images)
        return self.model.episode(
            images,
            rollouts=count,
            initial_location=start.expand(count, 2),
            noise=same.expand(-1, count, 2) if noise is None else noise,
            forced_locations=forced,
        )

    def look_at(self, glimpse: int, places: Floats, sides: Floats) -> _Places:
        """Lets the glimpse look at all these places."""
        device, config = self._images().device, self.model.config
        at_once = max(MOST_BYTES // (4 * config.num_glimpses * config.patch_features), 1)
        parts = [
            self.outcomes(self.episode(len(part), glimpse=glimpse, places=part))
            for part in torch.from_numpy(places).to(device).split(at_once)
        ]
        return _Places(places, sides, Outcomes(*map(np.concatenate, zip(*parts, strict=True))))

    @torch.inference_mode()
    def outcomes(self, episode: Episode) -> Outcomes:
        """What the looks came to."""
        last = episode.hidden_states[-1]
        probs = self.model.action_network.logits(last).softmax(dim=-1)
        values = self.model.value_network(last)
        return Outcomes(probs[:, self.asked].cpu().numpy(), probs.argmax(dim=-1).cpu().numpy(), values.cpu().numpy())

    def own_noise(self, count: int) -> torch.Tensor:
        """Other random numbers for each look, decided by the seed."""
        images, std = self._images(), self.model.config.location_std
        return self.model.draw_noise(count, images, std, self._generator(images))

    def _chance(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the look on the page starts, and the noise of its gaze: drawn as there, in the same order."""
        generator, start = self._generator(images), start_of(self.request)
        first = self.model.draw_start(1, images, generator) if start is None else images.new_tensor([start])
        std = self.model.config.location_std if self.request.gaze == "sampled" else 0.0
        return first, self.model.draw_noise(1, images, std, generator)

    def _generator(self, images: torch.Tensor) -> torch.Generator:
        return torch.Generator(images.device).manual_seed(self.request.seed)

    def _images(self) -> torch.Tensor:
        return torch.from_numpy(self.image[None]).to(next(self.model.parameters()).device)


def _grid(side: int) -> tuple[Floats, Floats]:
    """The middles of side x side places, row by row, and how wide each place is."""
    middles = (np.arange(side) + 0.5) / side * 2 - 1
    places = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    return places.astype(np.float32), np.full(side**2, 2 / side, np.float32)


def _refine(walk: _Walk, glimpse: int, coarse: _Places) -> _Places:
    """Quarters the places of a grid whose neighbours come to something else than they."""
    padded = np.pad(coarse.outcomes.probs.reshape(COARSE, COARSE), 1, mode="edge")
    around = np.stack([padded[y : y + COARSE, x : x + COARSE] for y in range(3) for x in range(3)])
    spread = (around.max(axis=0) - around.min(axis=0)).reshape(-1)
    split = np.argsort(-spread, kind="stable")[:REFINED]
    kept = np.setdiff1d(np.arange(COARSE**2), split)
    quarter = coarse.sides[0] / 4
    corners = np.array([[-quarter, -quarter], [quarter, -quarter], [-quarter, quarter], [quarter, quarter]], np.float32)
    places = (coarse.places[split, None] + corners).reshape(-1, 2)
    fine = walk.look_at(glimpse, places, np.full(len(places), coarse.sides[0] / 2, np.float32))
    old, new = coarse.outcomes, fine.outcomes
    outcomes = Outcomes(
        np.concatenate([old.probs[kept], new.probs]),
        np.concatenate([old.answers[kept], new.answers]),
        np.concatenate([old.values[kept], new.values]),
    )
    return _Places(
        np.concatenate([coarse.places[kept], fine.places]), np.concatenate([coarse.sides[kept], fine.sides]), outcomes
    )
