import dataclasses
import math

import pytest
import torch
from torch import Generator

from ram.checkpoints import CheckpointInfo
from ram.config import DataConfig, RAMConfig
from ram.data.clutter import scattered
from ram.data.mnist import DataError, Digits, load_mnist, split_training
from ram.evaluation import (
    AVERAGED,
    Gaze,
    OverSeeds,
    RandomGaze,
    calibration_rate,
    class_log_probs,
    count_errors,
    digits_of,
    error_rate,
    passes,
    pieces,
    plain_digits_of,
    stored,
    stored_number,
    with_random_gaze,
)
from ram.model import RAM
from ram.options import ConfigError

# Ten blank digits: the answer 3 is right for four of them.
DIGITS = Digits(torch.zeros(10, 28, 28, dtype=torch.uint8), torch.tensor([3, 3, 3, 3, 0, 1, 2, 4, 5, 6]))
INFO = CheckpointInfo(RAMConfig(), 28, {}, {})


def blank(count: int, label: int) -> Digits:
    """Blank digits of one class."""
    return Digits(torch.zeros(count, 28, 28, dtype=torch.uint8), torch.full((count,), label))


def small_model() -> RAM:
    torch.manual_seed(0)
    return RAM(RAMConfig(num_glimpses=3, hidden_size=16, glimpse_hidden_size=8))


@pytest.fixture
def always_three() -> RAM:
    model = small_model()
    with torch.no_grad():
        model.action_network.linear.weight.zero_()
        model.action_network.linear.bias.zero_()
        model.action_network.linear.bias[3] = 1.0
    return model


@pytest.fixture
def answers_by_first_glimpse() -> RAM:
    """Says 1 where the first glimpse lies on the right of the middle, else 0."""
    model = RAM(RAMConfig(num_glimpses=1, hidden_size=1, glimpse_hidden_size=1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.glimpse_network.location_encoder.weight[0, 0] = 1.0  # relu(x)
        model.glimpse_network.combine.weight[0, 1] = 1.0
        model.core_network.input_linear.weight[0, 0] = 1.0
        model.action_network.linear.weight[1, 0] = 1.0
        model.action_network.linear.bias[0] = 1e-6
        model.action_network.linear.bias[2:] = -1.0
    return model


@pytest.mark.parametrize("batch_size", [1, 3, 10, 1000, None])
def test_wrong_answers_are_counted_whatever_the_batch_size(always_three: RAM, batch_size: int | None) -> None:
    assert count_errors(always_three, DIGITS, seed=0, batch_size=batch_size) == 6


def test_error_rate_is_in_percent(always_three: RAM) -> None:
    measured = error_rate(passes(always_three, DIGITS, seeds=range(3)), DIGITS.labels)
    assert measured.mean == pytest.approx(60.0)  # 6 of 10
    assert measured.spread == 0.0
    assert measured.per_seed == pytest.approx([60.0, 60.0, 60.0])


def test_single_seed_has_no_spread(always_three: RAM) -> None:
    assert error_rate(passes(always_three, DIGITS, seeds=[0]), DIGITS.labels).spread == 0.0


def test_seed_decides_the_first_glimpse(answers_by_first_glimpse: RAM) -> None:
    digits = blank(400, label=1)
    wrong = [count_errors(answers_by_first_glimpse, digits, seed=seed) for seed in range(4)]
    assert len(set(wrong)) > 1
    assert [count_errors(answers_by_first_glimpse, digits, seed=seed) for seed in range(4)] == wrong
    # Half of the first glimpses lie on the left: 200, with a standard deviation of 10.
    assert all(abs(count - 200) < 50 for count in wrong)


def test_spread_is_the_standard_deviation_of_a_sample(answers_by_first_glimpse: RAM) -> None:
    digits = blank(100, label=1)
    measured = error_rate(passes(answers_by_first_glimpse, digits, seeds=range(2)), digits.labels)
    one, two = measured.per_seed
    assert one != two
    assert measured.mean == pytest.approx((one + two) / 2)
    assert measured.spread == pytest.approx(abs(one - two) / 2**0.5)  # sqrt(2 (d / 2)**2 / (2 - 1))


def test_passes_are_those_of_their_seeds(answers_by_first_glimpse: RAM) -> None:
    digits = blank(30, label=1)
    found = passes(answers_by_first_glimpse, digits, seeds=[4, 2])
    assert found.shape == (2, 30, 10)
    for one, seed in zip(found, [4, 2], strict=True):
        assert one.equal(class_log_probs(answers_by_first_glimpse, digits, seed=seed))


def follows_its_last_location() -> RAM:
    """Looks at x = 0 on purpose; says 1 if it then looked further right than 0.05."""
    model = RAM(RAMConfig(num_glimpses=2, hidden_size=1, glimpse_hidden_size=1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.glimpse_network.location_encoder.weight[0, 0] = 1.0
        model.glimpse_network.combine.weight[0, 1] = 1.0
        model.core_network.input_linear.weight[0, 0] = 1.0
        model.action_network.linear.weight[1, 0] = 1.0
        model.action_network.linear.bias[0] = 0.05
        model.action_network.linear.bias[2:] = -1.0
    return model


@pytest.mark.parametrize(
    ("gaze", "expected"),
    [
        ("mean", 0),
        ("sampled", 160),  # x > 0.05 is a quarter of a standard deviation of 0.2: 40.1 % of 400, give or take 10
        ("random", 190),  # 0.95 of the width of 2
        ("ten", 0),
    ],
)
def test_gaze_decides_where_is_looked(gaze: Gaze, expected: int) -> None:
    wrong = count_errors(follows_its_last_location(), blank(400, label=0), seed=0, gaze=gaze)
    assert abs(wrong - expected) <= (40 if expected else 0)


def test_random_gaze_is_uniform_at_every_step() -> None:
    model = with_random_gaze(small_model(), Generator().manual_seed(0))
    episode = model.episode(torch.rand(8000, 28, 28), sample_locations=False, generator=Generator().manual_seed(1))
    assert episode.locations.abs().max() <= 1
    for step in (1, 2):  # those that a policy would have chosen
        counts = torch.histogramdd(episode.locations[step], bins=[4, 4], range=[-1.0, 1.0, -1.0, 1.0]).hist
        # 500 of 8000 in each of 16 squares, with a standard deviation of 22.
        assert (counts - 500).abs().max() < 5 * 22
    assert torch.corrcoef(episode.locations.permute(0, 2, 1).flatten(end_dim=1)).fill_diagonal_(0).abs().max() < 0.06


def test_random_gaze_does_not_depend_on_what_was_seen() -> None:
    one = RandomGaze(Generator().manual_seed(3)).mean(torch.zeros(50, 16))
    other = RandomGaze(Generator().manual_seed(3)).mean(torch.randn(50, 16))
    assert one.equal(other)


def test_density_of_the_random_gaze_is_that_of_the_square() -> None:
    places = torch.rand(2, 5, 2)
    log_probs = RandomGaze(Generator()).log_prob(places, places, 0.2)
    assert log_probs.shape == (2, 5)
    assert log_probs.unique().tolist() == [pytest.approx(math.log(1 / 4))]


def test_model_with_random_gaze_still_answers_with_the_six_keys() -> None:
    model = small_model()
    generator = Generator()
    expected = model(torch.rand(4, 28, 28), generator=generator)
    output = with_random_gaze(model, generator)(torch.rand(4, 28, 28), generator=generator)
    assert {key: value.shape for key, value in output.items()} == {key: value.shape for key, value in expected.items()}


def test_model_keeps_its_own_gaze(always_three: RAM) -> None:
    image, first = torch.rand(28, 28), torch.zeros(2)
    before = always_three.rollout(image, sample_locations=False, initial_location=first)
    blind = with_random_gaze(always_three, Generator().manual_seed(0))
    assert blind.action_network is always_three.action_network
    after = always_three.rollout(image, sample_locations=False, initial_location=first)
    assert after.locations.equal(before.locations)
    assert not blind.rollout(image, sample_locations=False, initial_location=first).locations.equal(before.locations)


def test_ten_rollouts_average_the_probabilities() -> None:
    model = small_model()
    digits = Digits(torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8), torch.tensor([0, 1, 2]))
    found = class_log_probs(model, digits, seed=5, gaze="ten")
    first = torch.rand(3 * 10, 2, generator=Generator().manual_seed(5)) * 2 - 1
    rollout = model.rollout(
        digits.images.repeat_interleave(10, dim=0) / 255, sample_locations=False, initial_location=first
    )
    expected = rollout.class_probs[:, -1].unflatten(0, (3, 10)).mean(dim=1)
    assert found.exp().allclose(expected, atol=1e-6)


def test_ten_rollouts_outvote_a_bad_first_glimpse(answers_by_first_glimpse: RAM) -> None:
    # One rollout says 1 every second time. Ten say it unless all begin on the left: all but one time in 1024.
    digits = blank(400, label=1)
    assert count_errors(answers_by_first_glimpse, digits, seed=0) > 150
    assert count_errors(answers_by_first_glimpse, digits, seed=0, gaze="ten") < 5
    assert AVERAGED == 10


def test_calibration_is_measured_for_every_seed(always_three: RAM) -> None:
    # It says 3 with e / (e + 9) = 0.232 and is right four times in ten.
    measured = calibration_rate(passes(always_three, DIGITS, seeds=range(2)), DIGITS.labels)
    gap = 100 * (0.4 - math.e / (math.e + 9))
    assert measured.per_seed == pytest.approx([gap, gap], abs=1e-4)
    # At half the temperature the logit is 2.
    halved = calibration_rate(passes(always_three, DIGITS, seeds=range(2)), DIGITS.labels, 0.5)
    assert halved.mean == pytest.approx(100 * abs(0.4 - math.e**2 / (math.e**2 + 9)), abs=1e-4)


@pytest.mark.parametrize("gaze", ["mean", "sampled", "random", "ten"])
def test_evaluation_leaves_model_and_global_generator_alone(gaze: Gaze) -> None:
    model = small_model()
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    before = torch.get_rng_state()
    passes(model, DIGITS, seeds=range(2), gaze=gaze)
    assert torch.get_rng_state().equal(before)
    assert all(weight.equal(weights[name]) for name, weight in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_model_of_mnist_is_measured_on_the_test_digits_as_they_are() -> None:
    found, digits = digits_of(INFO, "test"), load_mnist("test")
    assert found.images.equal(digits.images)
    assert found.labels.equal(digits.labels)


def test_model_of_larger_images_is_measured_on_such_the_same_every_time() -> None:
    info = dataclasses.replace(INFO, image_size=40, recipe={"image_size": 40, "clutter": 2})
    found = digits_of(info, "test")
    assert found.images.shape == (10_000, 40, 40)
    assert found.images.equal(digits_of(info, "test").images)
    assert found.images.equal(scattered(load_mnist("test"), 40, 2, seed=1).images)
    assert found.labels.equal(load_mnist("test").labels)
    assert plain_digits_of(info, "test").images.equal(load_mnist("test").images)


def test_validation_digits_are_those_that_training_held_back(training_digits: Digits) -> None:
    recipe = {"clutter": 1, "validation_images": 300}
    found = digits_of(dataclasses.replace(INFO, image_size=32, recipe=recipe), "validation")
    held_back = split_training(training_digits, DataConfig(validation_images=300))[1]
    assert found.images.equal(scattered(held_back, 32, 1, seed=0).images)  # the trainer's seed, too
    assert found.labels.equal(held_back.labels)
    plain = plain_digits_of(dataclasses.replace(INFO, image_size=32, recipe=recipe), "validation")
    assert plain.images.equal(held_back.images)
    assert plain.labels.equal(held_back.labels)
    assert len(digits_of(INFO, "validation").labels) == 5000


@pytest.mark.parametrize("classes", [("A", "B"), ("0", "1", "2", "3", "4", "5", "6", "7", "9", "8")])
def test_model_of_other_classes_cannot_be_measured(classes: tuple[str, ...]) -> None:
    info = dataclasses.replace(INFO, config=RAMConfig(num_actions=len(classes)), classes=classes)
    with pytest.raises(DataError, match=r"^its classes \(.*\) are not MNIST's digits 0 to 9$"):
        digits_of(info, "test")


def test_impossible_images_are_named() -> None:
    with pytest.raises(ConfigError, match=r"^image_size=20 is not possible"):
        digits_of(dataclasses.replace(INFO, image_size=20), "test")
    with pytest.raises(ConfigError, match=r"^clutter='much' is not possible"):
        digits_of(dataclasses.replace(INFO, recipe={"clutter": "much"}), "test")


def test_stored_figure_comes_back() -> None:
    measured = OverSeeds(2.0, 1.0, [1.0, 2.0, 3.0])
    info = dataclasses.replace(INFO, results={"error": measured._asdict(), "number": 3})
    assert stored(info, "error") == measured
    assert stored_number(info, "number") == 3.0


@pytest.mark.parametrize(
    "damage",
    [
        None,
        3,
        "text",
        True,
        [],
        {},
        math.nan,
        10**400,
        {"mean": 1.0, "spread": 0.0},
        {"mean": "1", "spread": 0.0, "per_seed": [1.0]},
        {"mean": 1.0, "spread": 0.0, "per_seed": [10**400]},
        {"mean": math.inf, "spread": 0.0, "per_seed": [1.0]},
    ],
)
def test_figure_that_cannot_be_understood_is_none(damage: object) -> None:
    info = dataclasses.replace(INFO, results={"error": damage}, recipe={"clutter": damage})
    assert stored(info, "error") is None
    assert stored(info, "another") is None
    assert stored_number(info, "error") == (3.0 if damage == 3 else None)
    assert pieces(info) == (damage if type(damage) is int else 0)
