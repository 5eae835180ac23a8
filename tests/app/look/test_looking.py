"""From settings to a scene."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from app.look.force import Force
from app.look.looking import LookRequest, look
from app.look.scene import SURE, Scene
from ram import RAM, RAMConfig, digit_check
from ram.digit_check import DigitCheck, features, impressions

IMAGE = np.random.default_rng(0).random((28, 28), np.float32)


@pytest.fixture(scope="module")
def model() -> RAM:
    torch.manual_seed(0)
    return RAM(RAMConfig(num_scales=2, num_glimpses=4))


def test_page_is_sure_where_the_measured_share_of_unsure_digits_takes_it_to_be() -> None:
    assert SURE == digit_check.SURE


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


def test_forced_glimpse_is_looked_at_and_its_own_way_stands_beside_it(model: RAM) -> None:
    own = look(model, IMAGE, LookRequest(first="centre"), "test")
    scene = look(model, IMAGE, LookRequest(first="centre", force={3: (0.5, -0.25), 9: (0, 0)}), "test", truth=7)
    assert scene.own is not None
    assert scene.locations[2].tolist() == [0.5, -0.25]
    assert scene.forced == (2,)  # there is no ninth glimpse
    assert scene.locations[:2].tolist() == own.locations[:2].tolist()
    assert scene.own.locations.tolist() == own.locations.tolist()
    assert scene.own.class_probs.tolist() == own.class_probs.tolist()
    assert scene.location_means[2].tolist() == own.locations[2].tolist()
    assert scene.settings["force"] == "3:0.50,-0.25;9:0.00,0.00"
    assert (scene.truth, scene.asked_class) == (7, 7)
    left, top = scene.corners[2, 0]
    assert scene.patches[2, 0].tolist() == IMAGE[top : top + 8, left : left + 8].tolist()


def test_look_without_force_has_no_other_beside_it(model: RAM) -> None:
    scene = look(model, IMAGE, LookRequest(first="centre", force={9: (0, 0)}), "test")
    assert scene.own is None
    assert scene.forced == ()
    assert scene.own_way is scene
    assert scene.asked_class == scene.action
    assert scene.flip is None
    assert scene.policy_std == 0.2


@pytest.mark.parametrize(
    ("own", "yours", "flip"),
    [
        ([0, 0, 0], [0, 0, 0], None),
        ([0, 0, 0], [0, 1, 1], 1),
        ([0, 0, 0], [1, 0, 1], 2),
        ([0, 0, 0], [1, 1, 0], None),
        ([0, 1, 2], [1, 0, 1], 0),
    ],
)
def test_answer_flips_at_the_glimpse_from_which_on_it_is_another(
    model: RAM, own: list[int], yours: list[int], flip: int | None
) -> None:
    scene = look(model, IMAGE, LookRequest(first="centre"), "test")

    def believing(classes: list[int]) -> Scene:
        return dataclasses.replace(scene, class_probs=np.eye(10, dtype=np.float32)[classes])

    assert dataclasses.replace(believing(yours), own=believing(own)).flip == flip


@pytest.mark.parametrize("force", [{}, {2: (0.5, 0.5)}])
@pytest.mark.parametrize("bias", [1.0, -1.0])
def test_digit_check_decides_whether_the_scene_shows_a_digit(model: RAM, bias: float, force: Force) -> None:
    check, request_ = DigitCheck(torch.zeros(features(model.config)), torch.tensor(bias)), LookRequest(force=force)
    scene = look(model, IMAGE, request_, "test", check=check)
    assert scene.is_digit == (bias > 0)
    alone = look(model, IMAGE, request_, "test")
    np.testing.assert_allclose(scene.class_probs, alone.class_probs, rtol=1e-5)
    assert alone.is_digit


def test_digit_check_looks_at_the_drawing_in_the_middle_of_an_empty_field(model: RAM) -> None:
    image, drawing = (np.random.default_rng(3).random((side, side), np.float32) for side in (60, 28))
    field = torch.zeros(1, 60, 60)
    field[0, 16:44, 16:44] = torch.from_numpy(drawing)
    weight = torch.randn(features(model.config), generator=torch.Generator().manual_seed(1))
    score = (impressions(model, field) @ weight)[0]
    for bias, is_digit in ((0.001 - score, True), (-0.001 - score, False)):
        scene = look(model, image, LookRequest(), "test", check=DigitCheck(weight, bias), drawing=drawing)
        assert scene.is_digit == is_digit
        np.testing.assert_allclose(scene.class_probs, look(model, image, LookRequest(), "test").class_probs, rtol=1e-5)
