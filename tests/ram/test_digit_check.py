import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig
from ram.data.mnist import Digits
from ram.data.not_digits import KINDS, Drawing, draw_not_digits
from ram.digit_check import DigitCheck, features, impressions
from ram.digit_check_fit import fit_digit_check, separate, unsure_rate
from ram.model import RAM

CONFIG = RAMConfig(glimpse_size=6, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4)


@pytest.fixture
def model() -> RAM:
    torch.manual_seed(0)
    return RAM(CONFIG)


def test_impressions_are_the_mean_states_of_three_looks_from_each_of_four_sides(model: RAM) -> None:
    image = torch.rand(28, 28, generator=Generator().manual_seed(1))
    sides = [image, image.fliplr(), image.flipud(), image.rot90()]
    starts = [torch.tensor([-0.5, -0.5]), torch.zeros(2), torch.tensor([0.5, 0.5])]

    def last_state(side: Tensor, start: Tensor) -> Tensor:
        return model.rollout(side, sample_locations=False, initial_location=start).hidden_state

    found = impressions(model, torch.stack([torch.zeros(28, 28), image]))
    assert found.shape == (2, features(CONFIG)) == (2, 4 * 3 * 8)
    last = found[1].unflatten(0, (4, 3, 8))[:, -1]
    for side, state in zip(sides, last, strict=True):
        assert state.allclose(torch.stack([last_state(side, start) for start in starts]).mean(dim=0), atol=1e-6)


def test_verdict_on_an_image_does_not_depend_on_those_beside_it(model: RAM) -> None:
    images = torch.rand(5, 28, 28, generator=Generator().manual_seed(2))
    weight = torch.randn(features(CONFIG), generator=Generator().manual_seed(3))
    lowest, second, *_ = (impressions(model, images) @ weight).sort().values
    check = DigitCheck(weight, -(lowest + second) / 2)
    together = check.finds_digit(model, images)
    assert together.sum() == 4
    assert [bool(check.finds_digit(model, image[None])) for image in images] == together.tolist()


@pytest.mark.parametrize("use_lstm", [False, True])
@pytest.mark.parametrize("start", [None, (0.25, -0.5)])
@pytest.mark.parametrize("sampled", [False, True])
def test_look_with_its_check_is_the_look_and_the_check(
    *, use_lstm: bool, start: tuple[float, float] | None, sampled: bool
) -> None:
    torch.manual_seed(4)
    model = RAM(dataclasses.replace(CONFIG, use_lstm=use_lstm))
    images, drawings = torch.rand(2, 6, 40, 40, generator=Generator().manual_seed(5))
    weight = torch.randn(features(CONFIG), generator=Generator().manual_seed(6))
    middle = (impressions(model, drawings) @ weight).sort().values[2:4].mean()
    check, location = DigitCheck(weight, -middle), None if start is None else torch.tensor(start)
    verdicts = []
    for image, drawing in zip(images, drawings, strict=True):
        looks: dict[str, Any] = {"sample_locations": sampled, "initial_location": location}
        with torch.inference_mode():
            alone = model.rollout(image, **looks, generator=Generator().manual_seed(7))
        both = check.roll_out(model, image, drawing, **looks, generator=Generator().manual_seed(7))
        for found, expected in zip(both.rollout, alone, strict=True):
            torch.testing.assert_close(found, expected)
        verdicts.append(both.is_digit)
    assert verdicts == check.finds_digit(model, drawings).tolist()
    assert sum(verdicts) == 3


def test_separation_finds_the_direction_and_doubts_a_five_hundredth_of_the_digits_held_back() -> None:
    generator = Generator().manual_seed(0)
    digits, others, held_back = (torch.randn(count, 3, generator=generator) for count in (2000, 2000, 1000))
    digits[:, 1] += 4
    held_back[:, 1] += 4
    check = separate(digits, others, held_back)
    assert check.weight[1] > 10 * check.weight[[0, 2]].abs().max()
    # The 0.002 quantile of 1000 scores lies between the second and the third lowest.
    assert int((held_back @ check.weight + check.bias < 0).sum()) == 2
    assert float((others @ check.weight + check.bias >= 0).double().mean()) < 0.2


def test_check_is_fitted_to_drawings_without_clutter(model: RAM) -> None:
    def fitted(clutter: int) -> DigitCheck:
        recipe = {"image_size": 40, "clutter": clutter, "validation_images": 100}
        return fit_digit_check(model, CheckpointInfo(CONFIG, 40, recipe, {}), count=30)

    assert fitted(4).weight.equal(fitted(0).weight)
    assert fitted(4).bias.equal(fitted(0).bias)


def test_unsure_are_unlikely_answers_and_doubted_digits(model: RAM) -> None:
    digits = torch.zeros(4, 28, 28)
    log_probs = torch.tensor([[[0.6, 0.4], [0.5, 0.5], [0.51, 0.49], [0.9, 0.1]]]).log()
    unlikely = torch.tensor([[[0.3, 0.3, 0.4]]]).log().expand(1, 4, 3)
    none, blind = torch.zeros(features(CONFIG)), torch.tensor(1.0)
    assert unsure_rate(model, None, digits, log_probs).mean == 0
    assert unsure_rate(model, None, digits, unlikely).mean == 100
    assert unsure_rate(model, DigitCheck(none, blind), digits, log_probs).mean == 0
    assert unsure_rate(model, DigitCheck(none, -blind), digits, log_probs).mean == 100


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_drawings_that_are_no_digit_look_like_prepared_ones(kind: Drawing, training_digits: Digits) -> None:
    image = kind(np.random.default_rng(3), training_digits)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.max() > 0.9
    rows, columns = np.flatnonzero((image > 0.5).any(axis=1)), np.flatnonzero((image > 0.5).any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (18, 19, 20)  # fitted into 20 pixels, as a drawing is


def test_equal_seeds_draw_equal_drawings(training_digits: Digits) -> None:
    first, again = (draw_not_digits(6, training_digits, np.random.default_rng(4)) for _ in range(2))
    assert first.equal(again)
    assert not draw_not_digits(6, training_digits, np.random.default_rng(5)).equal(first)
