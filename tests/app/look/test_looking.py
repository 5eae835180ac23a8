"""From settings to a scene."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from app.look.looking import LookRequest, look
from ram import RAM, RAMConfig

IMAGE = np.random.default_rng(0).random((28, 28), np.float32)


@pytest.fixture(scope="module")
def model() -> RAM:
    torch.manual_seed(0)
    return RAM(RAMConfig(num_scales=2, num_glimpses=4))


def test_scene_is_the_models_own_rollout(model: RAM) -> None:
    scene = look(model, IMAGE, LookRequest(first="centre", seed=3), "test")
    rollout = model.rollout(torch.from_numpy(IMAGE), sample_locations=False, initial_location=torch.zeros(2))
    assert scene.locations.tolist() == rollout.locations.tolist()
    assert scene.values.tolist() == rollout.values.tolist()
    assert scene.class_probs.tolist() == rollout.class_probs.tolist()
    assert scene.patches.shape == (4, 2, 8, 8)
    # The centre of 28 pixels is at 14: windows of 8 and 16 start 4 and 8 before it.
    assert scene.corners[0].tolist() == [[10, 10], [6, 6]]


def test_corners_frame_what_the_patch_shows(model: RAM) -> None:
    scene = look(model, IMAGE, LookRequest(first="place", place=(0.3, -0.2)), "test")
    left, top = scene.corners[0, 0]
    assert scene.patches[0, 0].tolist() == IMAGE[top : top + 8, left : left + 8].tolist()


def test_equal_settings_give_an_equal_scene_and_other_seeds_another(model: RAM) -> None:
    request = LookRequest(gaze="sampled", seed=7)
    locations = look(model, IMAGE, request, "test").locations.tolist()
    assert look(model, IMAGE, request, "test").locations.tolist() == locations
    assert look(model, IMAGE, LookRequest(gaze="sampled", seed=8), "test").locations.tolist() != locations


def test_sampled_gaze_leaves_the_mean_and_says_by_how_much(model: RAM) -> None:
    scene = look(model, IMAGE, LookRequest(gaze="sampled"), "test")
    assert scene.location_std == 0.2
    assert (scene.locations[1:] != scene.location_means[1:]).all()
    still = look(model, IMAGE, LookRequest(gaze="mean"), "test")
    assert still.location_std == 0
    assert still.locations.tolist() == still.location_means.tolist()
