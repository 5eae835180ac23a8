"""Which network learns from which part of the loss, and which does not."""

import pytest
from torch import Tensor, nn

from tests.ram.model.small_models import SMALL, make, seeded, some_images


def gradient(module: nn.Module) -> float:
    """Sum of the absolute gradients of all parameters."""
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


def test_classification_trains_neither_policy_nor_baseline() -> None:
    model = make(**SMALL)
    episode = model.episode(some_images(3), generator=seeded())
    model.action_network.logits(episode.hidden_states[-1]).logsumexp(dim=-1).sum().backward()
    assert gradient(model.location_network) == 0
    assert gradient(model.value_network) == 0
    for trained in (model.action_network, model.core_network, model.glimpse_network):
        assert gradient(trained) > 0


def test_no_gradient_passes_through_a_location() -> None:
    episode = make(**SMALL).episode(some_images(3), generator=seeded())
    assert not episode.locations.requires_grad
    assert not any(patch.requires_grad for patch in episode.patches)
    assert episode.location_means.requires_grad


@pytest.mark.parametrize("use_lstm", [False, True])
def test_value_loss_trains_the_baseline_alone(use_lstm: bool) -> None:
    model = make(**SMALL, use_lstm=use_lstm)
    model.values(model.episode(some_images(3), generator=seeded())).square().sum().backward()
    for name, module in model.named_children():
        assert (gradient(module) > 0) == (name == "value_network"), name


def test_values_of_forward_do_not_reach_the_core() -> None:
    model = make(**SMALL)
    model(some_images(3), generator=seeded())["values"].sum().backward()
    assert gradient(model.core_network) == 0
    assert gradient(model.value_network) > 0


@pytest.mark.parametrize("use_lstm", [False, True])
def test_policy_gradient_trains_policy_core_and_glimpse_network(use_lstm: bool) -> None:
    model = make(**SMALL, use_lstm=use_lstm)
    model.episode(some_images(3), generator=seeded()).location_log_probs.sum().backward()
    for trained in (model.location_network, model.core_network, model.glimpse_network):
        assert gradient(trained) > 0
    assert gradient(model.value_network) == 0
    assert gradient(model.action_network) == 0


def test_last_glimpse_chooses_no_location() -> None:
    model = make(**{**SMALL, "num_glimpses": 2})
    episode = model.episode(some_images(3), generator=seeded())
    reads: list[Tensor] = []
    model.location_network.linear.register_forward_hook(lambda _module, inputs, _output: reads.append(inputs[0]))
    again = model.episode(some_images(3), generator=seeded())
    assert again.locations.equal(episode.locations)
    assert len(reads) == 1
    assert reads[0].equal(again.hidden_states[0])
