import copy
import dataclasses
import functools
import math

import numpy as np
import pytest
import torch

from app.look.microscope import (
    LOOKS,
    NETWORKS,
    PARTS,
    Looks,
    Part,
    Setup,
    advantages,
    arrows,
    baselines,
    draw_looks,
    mean_of,
    push,
    redraw,
    spread,
    take_steps,
    untouched,
)
from app.look.observing import problem_of
from app.look.through import through_location
from ram.checkpoints import SHIPPED, CheckpointInfo, load_checkpoint
from ram.config import Baseline, RAMConfig, Reward
from ram.data.mnist import load_mnist
from ram.model import RAM

DIGITS = load_mnist("test")
SMALL = RAMConfig(num_glimpses=4, hidden_size=32, glimpse_hidden_size=16)

# Two looks from the mean (0, 0.5): one 0.2 to the right of it earned 1, one 0.1 above it nothing.
TWO = Looks(
    mean=np.array([0, 0.5], np.float32),
    samples=np.array([[0.2, 0.5], [0, 0.4]], np.float32),
    locations=np.zeros((2, 3, 2), np.float32),
    answers=np.array([7, 1]),
    probs=np.array([0.9, 0.1], np.float32),
    rewards=np.array([1, 0], np.float32),
    value=0.75,
)


def setup_of(position: int = 340, **others: object) -> Setup:
    image = (DIGITS.images[position].numpy() / np.float32(255)).astype(np.float32)
    setup = Setup(image.tobytes(), int(DIGITS.labels[position]), (0.3, -0.3), 1)
    return dataclasses.replace(setup, **others)  # type: ignore[arg-type]


@functools.cache
def _trained() -> RAM:
    return load_checkpoint(SHIPPED / "mnist.safetensors", "cpu").requires_grad_(True)


def trained() -> RAM:
    return copy.deepcopy(_trained())


def fresh(seed: int = 0) -> RAM:
    torch.manual_seed(seed)
    return RAM(SMALL)


# ---- hand-computed ----


def test_advantage_is_the_reward_less_what_was_to_be_expected() -> None:
    assert advantages(TWO, "none").tolist() == [1, 0]
    assert advantages(TWO, "value").tolist() == [0.25, -0.75]
    assert advantages(TWO, "rollouts").tolist() == [1, -1]  # each other's reward
    assert baselines(np.array([1.0, 0, 0, 1, 0]), 9, "rollouts").tolist() == [0.25, 0.5, 0.5, 0.25, 0.5]


def test_arrow_is_advantage_times_distance_over_variance() -> None:
    # 0.25 * 0.2 / 0.04 to the right, and -0.75 * -0.1 / 0.04 downwards: away from what earned too little
    assert arrows(TWO, 0.2, "value") == pytest.approx(np.array([[1.25, 0], [0, 1.875]]), abs=1e-6)
    assert push(TWO, 0.2, "value") == pytest.approx([0.025, 0.0375], abs=1e-6)
    assert push(TWO, 0.7, "value") == pytest.approx(push(TWO, 0.2, "value"))  # of the same looks


def test_spread_is_the_root_mean_square_distance_from_the_mean() -> None:
    assert spread([np.array([1.0, 0]), np.array([-1.0, 0]), np.array([0, 2.0]), np.array([0, -2.0])]) == pytest.approx(
        math.sqrt((1 + 1 + 4 + 4) / 4)
    )
    assert spread([np.array([3.0, 4])] * 10) == 0


# ---- the arrows' mean is autograd's gradient of the loss that trains ----


@pytest.mark.parametrize("baseline", ["none", "value", "rollouts"])
@pytest.mark.parametrize("reward", ["hit", "information"])
@pytest.mark.parametrize(("move", "std", "seed"), [(1, 0.2, 0), (3, 0.05, 0), (5, 0.9, 2)])
def test_mean_of_the_arrows_is_the_gradient_that_training_takes(
    baseline: Baseline, reward: Reward, move: int, std: float, seed: int
) -> None:
    setup = setup_of(18, baseline=baseline, reward=reward, move=move, std=std)
    draw = draw_looks(trained(), setup, seed)
    every = arrows(draw.looks, std, baseline)
    assert np.abs(every).max() > 1e-3
    # Far closer than the digits on the page, also where some samples lie outside the image and were clamped.
    assert every.mean(axis=0) == pytest.approx(draw.gradient, abs=2e-5 * max(1, np.abs(every).max()))


def test_clamped_looks_count_with_what_was_sampled() -> None:
    looks = draw_looks(trained(), setup_of(std=0.9), 0).looks
    outside = np.abs(looks.samples).max(axis=1) > 1
    assert outside.any()
    assert looks.locations[:, 1] == pytest.approx(looks.samples.clip(-1, 1))


def test_looks_of_a_draw_share_all_that_comes_before_the_move() -> None:
    draw = draw_looks(trained(), setup_of(move=3), 0)
    before, at, after = (draw.looks.locations[:, place] for place in (slice(0, 3), 3, 4))
    assert (before == before[:1]).all()
    assert len(np.unique(at, axis=0)) == len(np.unique(after, axis=0)) == LOOKS
    assert mean_of(trained(), setup_of(move=3)) == pytest.approx(draw.looks.mean.tolist())


def test_redrawn_looks_are_the_ones_that_other_seeds_give() -> None:
    model, setup = trained(), setup_of()
    several = redraw(model, setup, [4, 5])
    for seed, looks in zip([4, 5], several, strict=True):
        alone = draw_looks(model, setup, seed).looks
        assert looks.samples == pytest.approx(alone.samples)
        assert looks.rewards.tolist() == alone.rewards.tolist()
        assert looks.value == pytest.approx(alone.value)
    assert several[0].samples.tolist() != several[1].samples.tolist()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (RAMConfig(num_glimpses=1), "looks only once"),
        (RAMConfig(hidden_size=1024), "computes 11 times as much"),
        (RAMConfig(use_lstm=True), ""),
        (RAMConfig(glimpse_size=12, num_scales=4, num_glimpses=8), ""),
    ],
)
def test_models_without_a_move_or_too_large_are_refused_in_a_sentence(config: RAMConfig, said: str) -> None:
    found = problem_of(CheckpointInfo(config, 28, {}, {}))
    assert said in found
    assert bool(found) == bool(said)


# ---- steps ----


def test_step_moves_the_mean_along_the_push_and_is_the_same_each_time() -> None:
    model, setup = trained(), setup_of(baseline="rollouts")
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    start = untouched(model, setup)
    after = take_steps(start, setup, [0])
    pushed = push(draw_looks(model, setup, 0).looks, setup.std, setup.baseline)
    way = np.subtract(after.means[1], after.means[0])
    assert way @ pushed > 0.5 * np.linalg.norm(way) * np.linalg.norm(pushed) > 0
    assert take_steps(start, setup, [0]).means == after.means
    assert take_steps(after, setup, [1]).means == take_steps(start, setup, [0, 1]).means
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_steps_find_places_that_earn_more() -> None:
    setup = setup_of(baseline="rollouts")
    start = untouched(trained(), setup)
    end = take_steps(start, setup, range(30))

    def earned(model: RAM) -> float:
        return float(np.mean([looks.rewards.mean() for looks in redraw(model, setup, range(100, 110))]))

    assert earned(end.model) > earned(start.model) + 0.1


def test_where_all_earn_the_same_the_mean_stays() -> None:
    setup = setup_of(7, baseline="rollouts")
    model = trained()
    assert draw_looks(model, setup, 0).looks.rewards.tolist() == [1.0] * LOOKS
    after = take_steps(untouched(model, setup), setup, [0])
    assert after.means[1] == after.means[0]


def test_step_of_the_value_error_moves_no_mean_and_the_baseline_alone() -> None:
    setup = setup_of(follows=("value",))
    start = untouched(trained(), setup)
    after = take_steps(start, setup, [0])
    changed = {
        name.partition(".")[0]
        for name, value in after.model.state_dict().items()
        if not torch.equal(value, start.model.state_dict()[name])
    }
    assert changed == {"value_network"}
    assert after.means[1] == after.means[0]


# ---- where the gradient goes ----

REACHES: dict[Part, set[str]] = {
    "action": {"glimpse_network", "core_network", "action_network"},
    "reinforce": {"glimpse_network", "core_network", "location_network"},
    "value": {"value_network"},
}


@pytest.mark.parametrize("model", [fresh(), trained()], ids=["fresh", "trained"])
def test_each_part_of_the_loss_reaches_its_networks_alone(model: RAM) -> None:
    norms = draw_looks(model, setup_of(), 0).norms
    assert tuple(norms) == PARTS
    for part, reached in REACHES.items():
        assert {name for name in NETWORKS if norms[part][name] is not None} == reached
        assert all((norms[part][name] or 0) > 0 for name in reached)


def test_norm_is_that_of_all_weights_of_a_network() -> None:
    model, setup = fresh(), setup_of()
    step = take_steps(untouched(model, setup), dataclasses.replace(setup, follows=("value",)), [0])
    norms = draw_looks(model, setup, 0).norms["value"]
    # Gradient descent, 0.03 times half the value error's gradient; it was not clipped.
    moved = [
        (after - before).flatten()
        for before, after in zip(model.value_network.parameters(), step.model.value_network.parameters(), strict=True)
    ]
    assert torch.cat(moved).norm().item() == pytest.approx(0.03 * 0.5 * (norms["value_network"] or 0), rel=1e-3)


def test_crop_has_no_derivative_and_the_slope_is_the_location_encoders() -> None:
    model, setup = trained(), setup_of(18)
    through = through_location(model, setup)
    assert not through.crop_has_derivative
    assert np.abs(through.slope).max() > 1e-5
    # One pixel further the crop has changed; the derivative, which does not see it, says something else.
    assert np.abs(through.moved - through.slope).max() > 0.01
    here = int(np.flatnonzero(through.shifts == 0)[0])
    right = int(np.flatnonzero(through.shifts == 1)[0])
    assert through.along[right] - through.along[here] == pytest.approx(through.moved[0], abs=1e-5)
    with torch.no_grad():
        model.glimpse_network.location_encoder.weight.zero_()
    blind = through_location(model, setup)
    assert blind.slope.tolist() == [0, 0]
    # A staircase: between two whole pixels nothing changes.
    steps = np.abs(np.diff(blind.along)) > 1e-5
    assert 0 < steps.sum() <= 9
