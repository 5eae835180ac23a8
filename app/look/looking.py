"""From a picture and the user's settings to a scene: the one place where the app runs the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch

from app.look.scene import Floats, Scene
from ram import RAM

FirstGlimpse = Literal["random", "centre", "place"]
Gaze = Literal["mean", "sampled"]


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the user wants the model to look."""

    model: str = ""
    """What it is called."""
    first: FirstGlimpse = "random"
    place: tuple[float, float] = (0.0, 0.0)
    """(x, y) in [-1, 1] of the first glimpse, where `first` is "place"."""
    gaze: Gaze = "mean"
    seed: int = 0
    """Decides everything random; "look again" takes the next one."""


def look(
    model: RAM,
    image: Floats,
    settings: Settings,
    origin: str,
    classes: tuple[str, ...] = (),
    *,
    arranged: Mapping[str, int] | None = None,
) -> Scene:
    """Lets the model look at an image (H, W) in [0, 1]; equal arguments give an equal scene.

    Args:
        model: what looks.
        image: what it looks at.
        settings: how it looks.
        origin: where the image came from, in words.
        classes: names of the model's classes, where these are not their numbers.
        arranged: what was decided about the image, by name, where there was something to decide.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(settings.seed)
    start = {"random": None, "centre": (0.0, 0.0), "place": settings.place}[settings.first]
    with torch.inference_mode():
        rollout = model.rollout(
            torch.from_numpy(image).to(device),
            sample_locations=settings.gaze == "sampled",
            initial_location=None if start is None else torch.tensor(start),
            generator=generator,
        )
        corners = model.glimpse_sensor.corners(rollout.locations, *image.shape)
    asked = dataclasses.asdict(settings)
    place_x, place_y = asked.pop("place")
    if settings.first == "place":
        asked |= {"place_x": place_x, "place_y": place_y}
    return Scene(
        image=np.asarray(image, dtype=np.float32),
        locations=rollout.locations.cpu().numpy(),
        location_means=rollout.location_means.cpu().numpy(),
        location_std=model.config.location_std if settings.gaze == "sampled" else 0.0,
        corners=corners.cpu().numpy(),
        patches=rollout.patches.cpu().numpy(),
        values=rollout.values.cpu().numpy(),
        class_probs=rollout.class_probs.cpu().numpy(),
        model=settings.model,
        settings={**asked, "origin": origin, **(arranged or {})},
        classes=classes,
    )
