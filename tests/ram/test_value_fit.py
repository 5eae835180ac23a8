import dataclasses

import pytest
import torch
from torch import Generator

from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig, TrainConfig
from ram.data.mnist import Digits
from ram.model import RAM
from ram.value_fit import (
    HELD_BACK,
    PASSES,
    Outcomes,
    augmented_outcomes,
    changed_outcomes,
    estimates,
    fit_value,
    outcomes,
    stored_value,
    value_quality,
)


def test_value_is_compared_with_the_best_constant() -> None:
    right = torch.tensor([True, True, True, False])
    # The best constant is 0.75, its squared error 0.1875. The first row is off by 0.25 four times: 0.0625, a third.
    values = torch.tensor([[0.75, 0.75, 1.25, 0.25], [0.75, 0.75, 0.75, 0.75]])
    quality = value_quality(values, right)
    assert quality.share == pytest.approx([0.0625 / 0.1875, 1.0])
    assert quality.excess == pytest.approx([0.0, 0.0])
    assert (quality.lowest, quality.highest) == (0.25, 1.25)


def test_auc_counts_pairs_of_a_right_and_a_wrong_answer() -> None:
    right = torch.tensor([True, True, False, False])
    values = torch.tensor([[0.9, 0.4, 0.5, 0.4]])
    # 0.9 is above both wrong ones, 0.4 below one and equal to the other: 2 + 0.5 of 4 pairs.
    assert value_quality(values, right).auc == [pytest.approx(2.5 / 4)]


def test_nothing_can_be_predicted_where_all_answers_are_right() -> None:
    with pytest.raises(ValueError, match="all answers are right or all are wrong"):
        value_quality(torch.ones(2, 3), torch.ones(3, dtype=torch.bool))


def made_up(images: int, seed: int) -> Outcomes:
    """Hidden states of four units at three glimpses: the first tells in the end what comes, the second moves."""
    generator = Generator().manual_seed(seed)
    hidden = torch.randn(3, images, 4, generator=generator)
    sign = torch.randn(images, generator=generator)
    hidden[1, :, 0], hidden[2, :, 0] = 0.5 * sign, sign
    hidden[:, :, 1] += torch.tensor([0.0, 3.0, 5.0])[:, None]
    return Outcomes(hidden, sign + 0.5 * torch.randn(images, generator=generator) > -1)


@pytest.fixture
def model() -> RAM:
    torch.manual_seed(0)
    return RAM(RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=4, glimpse_hidden_size=4))


def test_fitted_value_predicts_right_answers_after_every_glimpse(model: RAM) -> None:
    others = {name: weight.clone() for name, weight in model.state_dict().items() if "value" not in name}
    fit_value(model, [made_up(10_000, seed=0), made_up(10_000, seed=2)], made_up(20_000, seed=1))
    unseen = made_up(20_000, seed=2)
    quality = value_quality(estimates(model, unseen), unseen.right)
    assert quality.share[0] <= 1.01  # nothing to know yet
    assert quality.share[2] < 0.9
    assert quality.auc[2] > 0.85
    assert quality.excess == pytest.approx([0, 0, 0], abs=0.01)
    for name, weight in others.items():
        assert torch.equal(model.state_dict()[name], weight), name


def test_value_goes_a_quarter_as_far_as_least_squares(model: RAM) -> None:
    # Of the images whose first unit is 1, 80 in 100 are read right, of the others 40 in 100.
    hidden, right = torch.zeros(3, 200, 4), torch.zeros(200, dtype=torch.bool)
    hidden[:, :100, 0] = 1
    right[:80] = right[100:140] = True
    fit_value(model, [Outcomes(hidden, right)], Outcomes(hidden, right))
    # Least squares estimates 0.8 and 0.4, which is 0.2 from the mean of 0.6.
    values = estimates(model, Outcomes(hidden, right))
    assert values[:, 0].tolist() == pytest.approx([0.65] * 3)
    assert values[:, 199].tolist() == pytest.approx([0.55] * 3)


def test_first_and_last_glimpse_count_most(model: RAM) -> None:
    # The first unit tells in the end what comes, and is noise at first; the second tells nearly as much, without noise.
    looks = made_up(20_000, seed=0)
    sign = looks.hidden[2, :, 0].clone()
    looks.hidden[0, :, 0] *= 10
    looks.hidden[:, :, 1] = 0
    looks.hidden[2, :, 1] = sign + 0.2 * looks.hidden[2, :, 2]
    fit_value(model, [looks], looks)
    noisy, calm = model.value_network.linear.weight[0, :2].abs().tolist()
    assert noisy < 0.1 * calm
    assert value_quality(estimates(model, looks), looks.right).auc[2] > 0.85


def test_noise_of_the_first_glimpse_counts_five_times(model: RAM) -> None:
    # Eight images, on which three units differ independently. Six are read right: not those where A and B are -1.
    a, b, c = torch.cartesian_prod(*[torch.tensor([1.0, -1.0])] * 3).unbind(dim=1)
    hidden = torch.zeros(3, 8, 4)
    hidden[0, :, 0], hidden[2, :, 0], hidden[2, :, 1] = c, a, b
    looks = Outcomes(hidden, (a > 0) | (b > 0))
    fit_value(model, [looks], looks)
    # In the end, both units tell as much: the sum of the products with right answers is 2. The sums of squares are
    # 5 * 8 + 8 and 8, and the ridge adds 3 % of the mean over the four units, 14.
    noisy, calm = 2 / 48.42, 2 / 8.42
    # Over all glimpses, a quarter of the best scale.
    scale = 0.25 * 0.25 * (noisy + calm) / (2 * noisy**2 + calm**2)
    assert model.value_network.linear.weight[0].tolist() == pytest.approx([scale * noisy, scale * calm, 0, 0])
    # After the first glimpse, C says nothing about right answers, whose variance is 3 / 16.
    share = value_quality(estimates(model, looks), looks.right).share[0]
    assert share == pytest.approx(1 + (scale * noisy) ** 2 / (3 / 16))
    assert share < 1.001


def test_where_every_answer_is_right_the_value_is_the_share_of_right_answers(model: RAM) -> None:
    always_right = made_up(100, seed=0)._replace(right=torch.ones(100, dtype=torch.bool))
    held_back = made_up(100, seed=1)
    fit_value(model, [always_right], held_back)
    share = held_back.right.double().mean().item()
    assert estimates(model, held_back).flatten().tolist() == pytest.approx([share] * 300)


def test_values_stay_near_probabilities(model: RAM) -> None:
    held_back = made_up(5000, seed=1)
    fit_value(model, [made_up(5000, seed=0)], held_back)
    values = estimates(model, held_back)
    assert values.min() >= -0.02
    assert values.max() <= 1.02


def test_looks_are_the_models_own(model: RAM) -> None:
    torch.manual_seed(1)
    model = RAM(dataclasses.replace(model.config, num_actions=10))
    digits = Digits((torch.rand(7, 28, 28) * 255).byte(), torch.arange(7))
    found = outcomes(model, digits, seeds=[3, 4])
    images = digits.images.float() / 255
    rollout = model.rollout(images, sample_locations=False, generator=Generator().manual_seed(4))
    assert found.hidden.shape == (3, 14, 4)
    assert torch.allclose(found.hidden[-1, 7:], rollout.hidden_state)
    assert torch.equal(found.right[7:], rollout.action == digits.labels)


def test_augmented_looks_are_at_changed_digits_none_of_them_unreadable() -> None:
    torch.manual_seed(1)
    model = RAM(RAMConfig(glimpse_size=4, num_glimpses=2, hidden_size=4, glimpse_hidden_size=4))
    digits = Digits((torch.rand(40, 28, 28) * 255).byte(), torch.zeros(40, dtype=torch.long))
    config = TrainConfig.of(rotation=10.0, unreadable=0.9, image_size=40, clutter=2)
    with torch.no_grad():
        model.action_network.linear.weight.zero_()
        model.action_network.linear.bias.copy_(torch.eye(10)[0])  # it always answers 0, which every readable digit is
    found = augmented_outcomes(model, digits, config, seed=0)
    assert found.hidden.shape == (2, 40, 4)
    assert bool(found.right.all())
    assert torch.equal(found.hidden, augmented_outcomes(model, digits, config, seed=0).hidden)


def test_direction_is_learned_from_training_digits_and_from_those_held_back(model: RAM) -> None:
    model = RAM(dataclasses.replace(model.config, num_actions=10))
    training, held_back = (
        Digits((torch.rand(count, 28, 28) * 255).byte(), torch.arange(count) % 10) for count in (30, 20)
    )
    passes = list(changed_outcomes(model, training, held_back, TrainConfig.of(rotation=10.0)))
    assert [len(one.right) for one in passes] == [30] * PASSES + [20] * PASSES * HELD_BACK
    assert len({one.hidden.sum().item() for one in passes}) == len(passes), "each pass has its own changes and glimpses"


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        {},
        {"share": [1.0], "excess": [0.0, 0.0], "auc": [0.5, 0.5], "lowest": 0.0, "highest": 1.0},
        {"share": [1.0, "x"], "excess": [0.0, 0.0], "auc": [0.5, 0.5], "lowest": 0.0, "highest": 1.0},
        {"share": 1, "excess": [0.0, 0.0], "auc": [0.5, 0.5], "lowest": 0.0, "highest": 1.0},
    ],
)
def test_damaged_description_of_the_value_is_none(damaged: object) -> None:
    config = RAMConfig(num_glimpses=2)
    assert stored_value(CheckpointInfo(config, 28, {}, {"value": damaged})) is None
    whole = {"share": [1.0, 0.9], "excess": [0.0, 0.0], "auc": [0.5, 0.8], "lowest": 0.0, "highest": 1.0}
    found = stored_value(CheckpointInfo(config, 28, {}, {"value": whole}))
    assert found is not None
    assert found.auc == [0.5, 0.8]
