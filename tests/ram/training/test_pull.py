"""The pull of looks towards the digit."""

from pathlib import Path

import pytest
import torch

from ram.data.mnist import Digits
from ram.training.pull import distance_from_digit
from tests.ram.training.test_training_images import trained


def test_looks_that_miss_the_digit_are_pulled_and_no_others() -> None:
    # Two moves of two episodes. The digit is 15 pixels to the right: a look at the middle misses it by 8 pixels,
    # of 30; one that is 7 pixels off does not miss it.
    means = torch.tensor([[[0.0, 0.0], [0.5, 0.0]], [[0.5, 7 / 30 - 1e-6], [0.5, 0.1]]])
    centre = torch.tensor([[0.5, 0.0], [0.5, 0.0]])
    missed = distance_from_digit(means, centre, image_size=60, coverage=0.0)
    assert missed.item() == pytest.approx(8 / 30 / 4, abs=1e-6)


def test_coverage_pulls_the_nearest_look_to_each_quarter_of_the_digit() -> None:
    # Two moves of two episodes, in pixels from the digit's middle. The first comes to the middle of the upper left
    # quarter, and to that of the digit, from which the other three are √41 pixels away; the second is 4 pixels from
    # all. Nothing within 2 pixels counts, and a pixel is a thirtieth.
    centre = torch.tensor([0.4, -0.2])
    means = torch.tensor([[[-4.0, -5.0], [0.0, -5.0]], [[0.0, 0.0], [0.0, 5.0]]]) / 30 + centre
    missed = ((41**0.5 - 2) * 3 / 4 + (4 - 2)) / 2
    found = distance_from_digit(means, centre.expand(2, 2), image_size=60, coverage=3.0)
    assert found.item() == pytest.approx(3 * missed / 30, abs=1e-6)


@pytest.mark.parametrize("coverage", [0.0, 2.0])
def test_nothing_is_pulled_where_no_look_is_chosen(coverage: float) -> None:
    assert distance_from_digit(torch.zeros(0, 3, 2), torch.ones(3, 2), image_size=28, coverage=coverage).item() == 0


@pytest.mark.parametrize("image_size", [60, 100])
def test_a_pixel_counts_alike_in_images_of_any_size(image_size: int) -> None:
    means = torch.tensor([[[22.0, 0.0]]]) / (image_size / 2)
    missed = distance_from_digit(means, torch.zeros(1, 2), image_size=image_size, coverage=0.0)
    assert missed.item() == pytest.approx((22 - 7) / 30, abs=1e-6)


@pytest.mark.parametrize("guidance", [0.0, 2.0])
def test_learner_knows_the_middle_of_the_digit_if_it_pulls(
    tmp_path: Path, training_digits: Digits, guidance: float
) -> None:
    learner = trained(tmp_path, training_digits, guidance=guidance, image_size=60, clutter=4).learner
    assert (learner.draw_batch(torch.arange(5)).centre is not None) == (guidance > 0)


def test_guidance_brings_the_gaze_to_the_digit(tmp_path: Path, training_digits: Digits) -> None:
    spread = {
        weight: trained(
            tmp_path / str(weight), training_digits, image_size=60, guidance=weight, epochs=12
        ).folder.read_metrics()[-1]["location_spread"]
        for weight in (0.0, 3.0)
    }
    assert spread[3.0] > 2 * spread[0.0]  # looks go to where the digit is, which is somewhere else each time
