import pytest
import torch

from ram.config import RAMConfig
from ram.data import Digits
from ram.evaluation import count_errors, error_rate
from ram.model import RAM

# Ten blank digits: the answer 3 is right for four of them.
DIGITS = Digits(torch.zeros(10, 28, 28, dtype=torch.uint8), torch.tensor([3, 3, 3, 3, 0, 1, 2, 4, 5, 6]))


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


@pytest.mark.parametrize("batch_size", [1, 3, 10, 1000])
def test_wrong_answers_are_counted_whatever_the_batch_size(always_three: RAM, batch_size: int) -> None:
    assert count_errors(always_three, DIGITS, seed=0, batch_size=batch_size) == 6


def test_error_rate_is_in_percent(always_three: RAM) -> None:
    measured = error_rate(always_three, DIGITS, seeds=3)
    assert measured.mean == pytest.approx(60.0)  # 6 of 10
    assert measured.spread == 0.0
    assert measured.per_seed == [60.0, 60.0, 60.0]


def test_single_seed_has_no_spread(always_three: RAM) -> None:
    assert error_rate(always_three, DIGITS, seeds=1).spread == 0.0


def test_seed_decides_the_first_glimpse(answers_by_first_glimpse: RAM) -> None:
    digits = Digits(torch.zeros(400, 28, 28, dtype=torch.uint8), torch.ones(400, dtype=torch.long))
    wrong = [count_errors(answers_by_first_glimpse, digits, seed=seed) for seed in range(4)]
    assert len(set(wrong)) > 1
    assert [count_errors(answers_by_first_glimpse, digits, seed=seed) for seed in range(4)] == wrong
    # Half of the first glimpses lie on the left: 200, with a standard deviation of 10.
    assert all(abs(count - 200) < 50 for count in wrong)


def test_spread_is_the_standard_deviation_of_a_sample(answers_by_first_glimpse: RAM) -> None:
    digits = Digits(torch.zeros(100, 28, 28, dtype=torch.uint8), torch.ones(100, dtype=torch.long))
    measured = error_rate(answers_by_first_glimpse, digits, seeds=2)
    one, two = measured.per_seed
    assert one != two
    assert measured.mean == pytest.approx((one + two) / 2)
    assert measured.spread == pytest.approx(abs(one - two) / 2**0.5)  # sqrt(2 (d / 2)**2 / (2 - 1))


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


def test_gaze_is_the_mean_unless_samples_are_asked_for() -> None:
    model = follows_its_last_location()
    digits = Digits(torch.zeros(400, 28, 28, dtype=torch.uint8), torch.zeros(400, dtype=torch.long))
    assert count_errors(model, digits, seed=0) == 0
    # x > 0.05 is a quarter of a standard deviation of 0.2: 40.1 % of the samples, 160 of 400 give or take 10.
    assert abs(count_errors(model, digits, seed=0, sample_locations=True) - 160) < 40


def test_evaluation_leaves_model_and_global_generator_alone() -> None:
    model = small_model()
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    before = torch.get_rng_state()
    error_rate(model, DIGITS, seeds=2, sample_locations=True)
    assert torch.get_rng_state().equal(before)
    assert all(weight.equal(weights[name]) for name, weight in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
