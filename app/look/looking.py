"""From a picture and the user's settings to a scene: the one place where the app runs the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch

from app.look.scene import Floats, Scene
from ram import RAM
from ram.checkpoints import LARGEST_NUMBER
from ram.config import Reward
from ram.model import Rollout

FirstGlimpse = Literal["random", "centre", "place"]
GazeMode = Literal["mean", "sampled"]


@dataclasses.dataclass(frozen=True)
class LookRequest:
    """How the user wants the model to look."""

    model: str = ""
    """What the page calls it."""
    first: FirstGlimpse = "random"
    place: tuple[float, float] = (0.0, 0.0)
    """(x, y) in [-1, 1] of the first glimpse, where `first` is "place"."""
    gaze: GazeMode = "mean"
    seed: int = 0
    """Decides everything random; "look again" takes the next one."""

    def in_numbers(self) -> dict[str, str | int | float]:
        """Every field by its name, the place only where it counts, as `place_x` and `place_y`."""
        fields = dataclasses.asdict(self)
        place_x, place_y = fields.pop("place")
        return fields | ({"place_x": place_x, "place_y": place_y} if self.first == "place" else {})


def look(
    model: RAM,
    image: Floats,
    request: LookRequest,
    origin: str,
    classes: tuple[str, ...] = (),
    *,
    arranged: Mapping[str, int] | None = None,
    reward: Reward = "hit",
) -> Scene:
    """Lets the model look at an image (H, W) in [0, 1]; equal arguments give an equal scene.

    Args:
        model: what looks.
        image: what it looks at.
        request: how it looks.
        origin: where the image came from, in words.
        classes: names of the model's classes, where these are not their numbers.
        arranged: what was decided about the image, by name, where there was something to decide.
        reward: what the model's value expects.

    Raises:
        ValueError: the model's weights are so large that what it says of this image are no numbers.
    """
    rollout, corners = _roll_out(model, image, request)
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
        settings={**request.in_numbers(), "origin": origin, **(arranged or {})},
        classes=classes,
        reward=reward,
    )


@torch.inference_mode()
def _roll_out(model: RAM, image: Floats, request: LookRequest) -> tuple[Rollout, torch.Tensor]:
    """All glimpses, and the top-left corner of each one's windows."""
    device = next(model.parameters()).device
    start = {"random": None, "centre": (0.0, 0.0), "place": request.place}[request.first]
    rollout = model.rollout(
        torch.from_numpy(image).to(device),
        sample_locations=request.gaze == "sampled",
        initial_location=None if start is None else torch.tensor(start),
        generator=torch.Generator(device).manual_seed(request.seed),
    )
    return rollout, model.glimpse_sensor.corners(rollout.locations, *image.shape)
