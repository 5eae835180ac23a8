import math

import pytest
import torch
from torch import Generator, Tensor, nn

from ram.model.networks import (
    ActionNetwork,
    CoreNetwork,
    GlimpseNetwork,
    LocationNetwork,
    LSTMState,
    ValueNetwork,
)


def set_linear(linear: nn.Linear, weight: list[list[float]], bias: list[float]) -> None:
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(weight))
        linear.bias.copy_(torch.tensor(bias))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        (GlimpseNetwork(), 74_496),  # (64 * 128 + 128) + (2 * 128 + 128) + (256 * 256 + 256)
        (CoreNetwork(), 131_584),  # 2 * (256 * 256 + 256)
        (LocationNetwork(), 514),  # 256 * 2 + 2
        (ValueNetwork(), 257),  # 256 + 1
        (ActionNetwork(), 2_570),  # 256 * 10 + 10
        (CoreNetwork(use_lstm=True), 526_336),  # four gates: 4 * 256 * (256 + 256) + 2 * 4 * 256
    ],
)
def test_networks_have_the_specified_number_of_parameters(network: nn.Module, parameters: int) -> None:
    assert count(network) == parameters


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3)])
def test_networks_accept_any_leading_dimensions(batch: tuple[int, ...]) -> None:
    patch, location, hidden = torch.rand(*batch, 64), torch.rand(*batch, 2), torch.rand(*batch, 256)
    assert GlimpseNetwork()(patch, location).shape == (*batch, 256)
    assert CoreNetwork()(hidden).shape == (*batch, 256)
    assert CoreNetwork()(hidden, hidden).shape == (*batch, 256)
    sample = LocationNetwork()(hidden)
    assert sample.location.shape == (*batch, 2)
    assert sample.log_prob.shape == batch
    assert ValueNetwork()(hidden).shape == batch
    action = ActionNetwork()(hidden)
    assert action.logits.shape == action.probs.shape == (*batch, 10)
    assert action.action.shape == action.log_prob.shape == batch


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3)])
def test_lstm_core_accepts_any_leading_dimensions(batch: tuple[int, ...]) -> None:
    core, feature = CoreNetwork(hidden_size=6, use_lstm=True), torch.rand(*batch, 6)
    first = core(feature)
    assert first.hidden.shape == first.cell.shape == (*batch, 6)
    second = core(feature, first)
    assert second.hidden.shape == second.cell.shape == (*batch, 6)
    assert not second.hidden.equal(first.hidden)


def test_glimpse_network_combines_what_and_where() -> None:
    network = GlimpseNetwork(patch_features=2, glimpse_hidden_size=1, hidden_size=2)
    set_linear(network.glimpse_encoder, [[1.0, 2.0]], [0.5])
    set_linear(network.location_encoder, [[3.0, -1.0]], [0.0])
    set_linear(network.combine, [[1.0, 10.0], [-1.0, -1.0]], [0.25, 0.0])
    feature = network(torch.tensor([1.0, 0.5]), torch.tensor([0.5, -0.5]))
    # what = 1 * 1 + 2 * 0.5 + 0.5 = 2.5; where = 3 * 0.5 + 1 * 0.5 = 2
    # feature = relu(2.5 + 10 * 2 + 0.25) = 22.75 and relu(-2.5 - 2) = 0
    assert feature.tolist() == [22.75, 0.0]


def test_glimpse_network_rectifies_both_encoders() -> None:
    network = GlimpseNetwork(patch_features=1, glimpse_hidden_size=1, hidden_size=1)
    set_linear(network.glimpse_encoder, [[-1.0]], [0.0])
    set_linear(network.location_encoder, [[1.0, 0.0]], [0.0])
    set_linear(network.combine, [[1.0, 1.0]], [7.0])
    # what = relu(-2) = 0 and where = relu(-0.5) = 0: only the bias is left, and without ReLU it would be 4.5.
    assert network(torch.tensor([2.0]), torch.tensor([-0.5, 0.0])).tolist() == [7.0]


def test_core_adds_memory_and_glimpse_and_rectifies() -> None:
    core = CoreNetwork(hidden_size=2)
    set_linear(core.hidden_linear, [[1.0, 2.0], [0.0, -3.0]], [0.5, 0.0])
    set_linear(core.input_linear, [[2.0, 0.0], [1.0, 1.0]], [0.25, 1.0])
    state = core(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    # 1 * 3 + 2 * 4 + 0.5 + 2 * 1 + 0.25 = 13.75 and relu(-3 * 4 + 1 + 2 + 1) = relu(-8) = 0
    assert state.tolist() == [13.75, 0.0]


def test_core_memory_starts_at_zero() -> None:
    core = CoreNetwork(hidden_size=4)
    feature = torch.rand(3, 4)
    assert core(feature).equal(core(feature, torch.zeros(3, 4)))
    assert not core(feature).equal(core(feature, torch.ones(3, 4)))


def test_cell_of_the_lstm_core_computes_what_torchs_lstm_does() -> None:
    core = CoreNetwork(hidden_size=6, use_lstm=True)
    feature, state = torch.rand(1, 4, 6), (torch.rand(1, 4, 6), torch.rand(1, 4, 6))
    for before in (None, state):
        _, expected = core.lstm(feature, before)
        _, found = core._cell(feature, before)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one.view_as(other), other)


def test_lstm_core_walks_like_torchs_lstm() -> None:
    core = CoreNetwork(hidden_size=6, use_lstm=True)
    sequence = torch.rand(4, 3, 6)
    whole, (hidden, cell) = core.lstm(sequence)
    state = None
    for step, feature in enumerate(sequence):
        state = core(feature, state)
        assert isinstance(state, LSTMState)
        torch.testing.assert_close(state.hidden, whole[step])
    assert state is not None
    torch.testing.assert_close(state.hidden, hidden[0])
    torch.testing.assert_close(state.cell, cell[0])


def test_location_mean_is_a_tanh_of_the_hidden_state() -> None:
    network = LocationNetwork(hidden_size=1)
    set_linear(network.linear, [[1.0], [-2.0]], [0.0, 0.5])
    # tanh(0.5) = 0.46212 and tanh(-2 * 0.5 + 0.5) = tanh(-0.5) = -0.46212
    assert network.mean(torch.tensor([0.5])).tolist() == pytest.approx([0.46212, -0.46212], abs=1e-5)


def test_location_log_prob_is_the_density_of_a_gaussian() -> None:
    network = LocationNetwork(hidden_size=1, location_std=0.2)
    mean = torch.tensor([0.1, -0.3])
    # At the mean: 2 * (-ln 0.2 - 0.5 ln 2 pi) = 2 * (1.609438 - 0.918939) = 1.380999
    assert network.log_prob(mean, mean).item() == pytest.approx(1.380999, abs=1e-5)
    # One and two standard deviations away: 0.5 * 1 + 0.5 * 4 = 2.5 less
    sample = mean + torch.tensor([0.2, -0.4])
    assert network.log_prob(sample, mean).item() == pytest.approx(-1.119001, abs=1e-5)


def test_location_log_prob_takes_another_standard_deviation() -> None:
    network = LocationNetwork(hidden_size=1, location_std=0.2)
    mean = torch.zeros(2)
    # 2 * (-ln 0.5 - 0.918939) = 2 * (0.693147 - 0.918939) = -0.451583; one deviation in x: 0.5 less
    assert network.log_prob(torch.tensor([0.5, 0.0]), mean, 0.5).item() == pytest.approx(-0.951583, abs=1e-5)


def test_location_log_prob_pulls_the_mean_towards_the_sample() -> None:
    mean = torch.tensor([0.1, 0.1], requires_grad=True)
    sample = torch.tensor([0.3, -0.1], requires_grad=True)
    LocationNetwork(hidden_size=1, location_std=0.2).log_prob(sample, mean).backward()
    assert mean.grad is not None
    # (sample - mean) / std**2 = 0.2 / 0.04 and -0.2 / 0.04
    assert mean.grad.tolist() == pytest.approx([5.0, -5.0], abs=1e-4)
    assert sample.grad is None


def test_sampled_location_carries_no_gradient_but_its_log_prob_does() -> None:
    network = LocationNetwork(hidden_size=4)
    hidden = torch.rand(3, 4, requires_grad=True)
    sample = network(hidden)
    assert not sample.location.requires_grad
    sample.log_prob.sum().backward()
    assert network.linear.weight.grad is not None
    assert network.linear.weight.grad.abs().sum() > 0
    assert hidden.grad is not None
    assert hidden.grad.abs().sum() > 0


def wide_policy() -> LocationNetwork:
    network = LocationNetwork(hidden_size=1, location_std=2.0)
    set_linear(network.linear, [[0.0], [0.0]], [0.0, 0.0])
    return network


def test_sampled_location_is_clamped_to_the_image() -> None:
    location = wide_policy()(torch.zeros(10_000, 1), Generator().manual_seed(0)).location
    assert location.abs().max() == 1.0
    # Within [-1, 1] are 38.3 % of a Gaussian's samples with standard deviation 2.
    assert (location.abs() < 1).float().mean().item() == pytest.approx(0.383, abs=0.015)


def test_log_prob_scores_the_sample_before_it_was_clamped() -> None:
    network = wide_policy()
    location, log_prob = network(torch.zeros(10_000, 1), Generator().manual_seed(0))
    # The mean log-density of samples is minus the entropy: -2 * (0.5 + ln 2 + 0.918939) = -4.2242.
    assert log_prob.mean().item() == pytest.approx(-4.2242, abs=0.03)
    scored_after_clamping = network.log_prob(location, torch.zeros(10_000, 2))
    clamped = (location.abs() == 1).any(dim=-1)
    assert bool((log_prob[clamped] < scored_after_clamping[clamped]).all())
    torch.testing.assert_close(log_prob[~clamped], scored_after_clamping[~clamped])


def test_locations_scatter_with_the_policys_standard_deviation() -> None:
    network = LocationNetwork(hidden_size=1, location_std=0.1)
    set_linear(network.linear, [[0.0], [0.0]], [math.atanh(0.25), 0.0])
    location = network(torch.zeros(10_000, 1), Generator().manual_seed(0)).location
    assert location.mean(dim=0).tolist() == pytest.approx([0.25, 0.0], abs=0.005)
    assert location.std(dim=0).tolist() == pytest.approx([0.1, 0.1], abs=0.005)


def test_value_network_is_linear() -> None:
    network = ValueNetwork(hidden_size=2)
    set_linear(network.linear, [[2.0, -1.0]], [0.5])
    assert network(torch.tensor([[1.0, 3.0], [0.0, 0.0]])).tolist() == [-0.5, 0.5]  # 2 - 3 + 0.5


def quarter_to_three() -> ActionNetwork:
    network = ActionNetwork(hidden_size=1, num_actions=2)
    set_linear(network.linear, [[0.0], [0.0]], [0.0, math.log(3.0)])
    return network


def test_action_probabilities_are_a_softmax() -> None:
    sample = quarter_to_three()(torch.zeros(1))
    assert sample.logits.tolist() == pytest.approx([0.0, 1.098612])
    assert sample.probs.tolist() == pytest.approx([0.25, 0.75])  # 1 / (1 + 3) and 3 / (1 + 3)


def test_action_is_sampled_from_its_probabilities() -> None:
    sample = quarter_to_three()(torch.zeros(10_000, 1), Generator().manual_seed(0))
    assert sample.action.float().mean().item() == pytest.approx(0.75, abs=0.015)


def test_action_log_prob_belongs_to_the_sampled_action() -> None:
    sample = quarter_to_three()(torch.zeros(200, 1), Generator().manual_seed(0))
    assert set(sample.action.tolist()) == {0, 1}
    expected = [math.log(0.75) if action else math.log(0.25) for action in sample.action.tolist()]
    assert sample.log_prob.tolist() == pytest.approx(expected)


def draw(network: nn.Module, generator: Generator | None) -> Tensor:
    sample = network(torch.zeros(50, 4), generator)
    return sample.location if isinstance(network, LocationNetwork) else sample.action


@pytest.mark.parametrize("network", [LocationNetwork(hidden_size=4), ActionNetwork(hidden_size=4)])
def test_generator_decides_the_sample_and_spares_the_global_one(network: nn.Module) -> None:
    before = torch.get_rng_state()
    first = draw(network, Generator().manual_seed(1))
    assert torch.get_rng_state().equal(before)
    assert draw(network, Generator().manual_seed(1)).equal(first)
    assert not draw(network, Generator().manual_seed(2)).equal(first)


@pytest.mark.parametrize("network", [LocationNetwork(hidden_size=4), ActionNetwork(hidden_size=4)])
def test_global_generator_is_used_without_one(network: nn.Module) -> None:
    torch.manual_seed(5)
    first = draw(network, None)
    assert not draw(network, None).equal(first)
    torch.manual_seed(5)
    assert draw(network, None).equal(first)
