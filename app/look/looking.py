"""From a picture and the user's settings to a scene: the one place where the app runs the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch

from app.look.force import Force, Place, force_text
from app.look.scene import Floats, Scene
from ram import RAM
from ram.checkpoints import LARGEST_NUMBER
from ram.config import Reward
from ram.data.clutter import centred
from ram.digit_check import CheckedRollout, DigitCheck

FirstGlimpse = Literal["random", "centre", "place"]
GazeMode = Literal["mean", "sampled"]


@dataclasses.dataclass(frozen=True)
class LookRequest:
    """How the user wants the model to look."""

    model: str = ""
    """What the page calls it."""
    first: FirstGlimpse = "random"
    place: Place = (0.0, 0.0)
    """(x, y) in [-1, 1] of the first glimpse, where `first` is "place"."""
    gaze: GazeMode = "mean"
    seed: int = 0
    """Decides everything random; "look again" takes the next one."""
    force: Force = dataclasses.field(default_factory=dict)
    """Where glimpses look instead; those that the model does not have do not count."""

    def in_numbers(self) -> dict[str, str | int | float]:
        """Every field by its name, places only where they count: `place_x` and `place_y`, and `force` as a text."""
        fields = dataclasses.asdict(self)
        (place_x, place_y), force = fields.pop("place"), force_text(fields.pop("force"))
        fields |= {"place_x": place_x, "place_y": place_y} if self.first == "place" else {}
        return fields | ({"force": force} if force else {})

    def forced(self, num_glimpses: int) -> dict[int, Place]:
        """Where the glimpses that a model has look instead, by their index from 0."""
        return {number - 1: at for number, at in self.force.items() if number <= num_glimpses}

    def before(self, glimpse: int) -> LookRequest:
        """The same, where a glimpse (from 1) and those after it look where the model likes."""
        return dataclasses.replace(self, force={number: at for number, at in self.force.items() if number < glimpse})


def look(
    model: RAM,
    image: Floats,
    request: LookRequest,
    origin: str,
    classes: tuple[str, ...] = (),
    *,
    check: DigitCheck | None = None,
    drawing: Floats | None = None,
    arranged: Mapping[str, int] | None = None,
    reward: Reward = "hit",
    truth: int | None = None,
) -> Scene:
    """Lets the model look at an image (H, W) in [0, 1]; equal arguments give an equal scene.

    Args:
        model: what looks.
        image: what it looks at.
        request: how it looks; where glimpses are forced, it looks of its own accord as well.
        origin: where the image came from, in words.
        classes: names of the model's classes, where these are not their numbers.
        check: what tells this model's digits from other drawings, if it has been fitted; it takes further looks.
        drawing: what the check is asked about, alone; None if the image is nothing else.
        arranged: what was decided about the image, by name, where there was something to decide.
        reward: what the model's value expects.
        truth: the right class, where it is known.

    Raises:
        ValueError: the model's weights are so large that what it says of this image are no numbers.
    """
    about: dict[str, Any] = {
        "settings": {**request.in_numbers(), "origin": origin, **(arranged or {})},
        "classes": classes,
        "reward": reward,
        "truth": truth,
    }
    own = dataclasses.replace(_look_once(model, image, request.before(1), check, drawing), **about)
    forced = tuple(request.forced(model.config.num_glimpses))
    if not forced:
        return own
    scene = _look_once(model, image, request)
    return dataclasses.replace(scene, **about, is_digit=own.is_digit, forced=forced, own=own)


def _look_once(
    model: RAM,
    image: Floats,
    request: LookRequest,
    check: DigitCheck | None = None,
    drawing: Floats | None = None,
) -> Scene:
    (rollout, is_digit), corners = _roll_out(model, image, request, check, drawing)
    if not all(bool((part.abs() < LARGEST_NUMBER).all()) for part in (rollout.values, rollout.class_probs)):
        raise ValueError(f"{request.model} has weights so large that a look gives no numbers")
    return Scene(
        image=np.asarray(image, dtype=np.float32),
        locations=rollout.locations.cpu().numpy(),
        location_means=rollout.location_means.cpu().numpy(),
        location_std=model.config.location_std if request.gaze == "sampled" else 0.0,
        corners=corners.cpu().numpy(),
        patches=rollout.patches.cpu().numpy(),
        values=rollout.values.cpu().numpy(),
        class_probs=rollout.class_probs.cpu().numpy(),
        model=request.model,
        settings={},
        policy_std=model.config.location_std,
        is_digit=is_digit,
    )


@torch.inference_mode()
def _roll_out(
    model: RAM, image: Floats, request: LookRequest, check: DigitCheck | None, drawing: Floats | None
) -> tuple[CheckedRollout, torch.Tensor]:
    """All glimpses, and the top-left corner of each one's windows; without a check, everything is a digit."""
    device = next(model.parameters()).device
    start = start_of(request)
    pixels = torch.from_numpy(image).to(device)
    how: dict[str, Any] = {
        "sample_locations": request.gaze == "sampled",
        "initial_location": None if start is None else torch.tensor(start),
        "generator": torch.Generator(device).manual_seed(request.seed),
    }
    if check is None:
        forced = request.forced(model.config.num_glimpses)
        looked = CheckedRollout(model.rollout(pixels, forced_locations=forced, **how), is_digit=True)
    else:
        alone = pixels if drawing is None else centred(torch.from_numpy(drawing).to(device)[None], len(pixels))[0]
        looked = check.roll_out(model, pixels, alone, **how)
    return looked, model.glimpse_sensor.corners(looked.rollout.locations, *image.shape)


def start_of(request: LookRequest) -> Place | None:
    """Where the first glimpse falls; None where that is random."""
    return {"random": None, "centre": (0.0, 0.0), "place": request.place}[request.first]
