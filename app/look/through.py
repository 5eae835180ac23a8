"""What the supervised gradient would say if it were let through the place of a look, and what is true."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from app.look.microscope import Doubles, Setup, mean_of
from ram import RAM

REACH, FINENESS = 4, 8  # pixels to each side, and places a pixel


class Through(NamedTuple):
    """What the gradient of the cross-entropy says if it may pass through the place of a look, and what is true."""

    crop_has_derivative: bool
    """Whether autograd finds any way from the pixels of the crop back to the place."""
    slope: Doubles
    """(2,), the derivative with respect to the place, per pixel, all of it by the location encoder."""
    moved: Doubles
    """(2,), by how much the cross-entropy changes if the look is moved one pixel right, or down."""
    shifts: Doubles
    """(N,), how far a look is moved to the right, in pixels."""
    along: Doubles
    """(N,), the cross-entropy there."""


def through_location(model: RAM, setup: Setup) -> Through:
    """Lets the gradient of the cross-entropy pass through the place that the move leads to, its policy's mean."""
    image = torch.from_numpy(setup.image)[None]
    pixel = 2 / image.shape[-1]
    shifts = np.arange(-REACH * FINENESS, REACH * FINENESS + 1) / FINENESS
    moved = np.stack([[shift * pixel, 0.0] for shift in [0.0, 1.0, 0.0, *shifts]])
    moved[2] = 0.0, pixel
    mean = torch.tensor(mean_of(model, setup))
    places = (mean + torch.from_numpy(moved).float()).requires_grad_(True)
    count = len(places)
    episode = model.episode(
        image,
        rollouts=count,
        initial_location=image.new_tensor([setup.start]).expand(count, 2),
        noise=torch.zeros(model.config.num_glimpses - 1, count, 2),
        forced_locations={setup.move: places},
    )
    logits = model.action_network.logits(episode.hidden_states[-1])
    entropy = -logits.log_softmax(dim=-1)[:, setup.label]
    (slopes,) = torch.autograd.grad(entropy[0], places)
    here, right, down, *along = entropy.detach().double().tolist()
    return Through(
        crop_has_derivative=episode.patches[setup.move].requires_grad,
        slope=slopes[0].double().numpy() * pixel,
        moved=np.array([right - here, down - here]),
        shifts=shifts,
        along=np.array(along),
    )
