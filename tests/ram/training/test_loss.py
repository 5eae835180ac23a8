import math
from typing import get_args

import pytest
import torch
from torch import Tensor

from ram.config import Baseline, RAMConfig, Reward, TrainConfig
from ram.model import RAM
from ram.training.batches import Batch
from ram.training.loss import READINGS, Objective, hybrid_loss

# Two episodes of three glimpses; both answer class 1 with probability 3/4, and only the first is right.
LOGITS = torch.tensor([[0.0, math.log(3.0)], [0.0, math.log(3.0)]])
LABELS = torch.tensor([1, 0])
VALUES = torch.tensor([[0.5, 0.25], [0.75, 0.5], [9.0, 9.0]])
LOG_PROBS = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])


def leaf(tensor: Tensor) -> Tensor:
    return tensor.clone().requires_grad_(True)


def test_action_loss_is_the_mean_cross_entropy() -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS)
    # (-ln 3/4 - ln 1/4) / 2 = (0.287682 + 1.386294) / 2
    assert loss.action.item() == pytest.approx(0.836988, abs=1e-5)


def test_reward_is_one_for_a_right_answer_and_else_zero() -> None:
    assert hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS).reward.tolist() == [1.0, 0.0]


def test_value_baseline_is_the_value_before_each_move() -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS)
    # First episode, reward 1: (1 - 0.5) * -1 + (1 - 0.75) * -3 = -1.25
    # Second, reward 0: (0 - 0.25) * -2 + (0 - 0.5) * -4 = 2.5
    # -(-1.25 + 2.5) / 2
    assert loss.reinforce.item() == pytest.approx(-0.625)


def test_last_value_is_a_baseline_of_no_move() -> None:
    other = VALUES.clone()
    other[-1] = -50.0
    assert hybrid_loss(LOGITS, other, LOG_PROBS, LABELS).reinforce.item() == pytest.approx(-0.625)


def test_no_baseline_leaves_the_reward_alone() -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS, baseline="none")
    assert loss.reinforce.item() == pytest.approx(2.0)  # -(1 * (-1 - 3) + 0) / 2


def test_rollouts_baseline_is_the_mean_reward_of_the_others() -> None:
    # Two images with three rollouts each; class 0 is right. Rewards 1, 1, 0 and 0, 0, 1.
    right, wrong = [1.0, 0.0], [0.0, 1.0]
    logits = torch.tensor([right, right, wrong, wrong, wrong, right])
    log_probs = torch.tensor([[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]])
    loss = hybrid_loss(
        logits, torch.zeros(2, 6), log_probs, torch.zeros(6, dtype=torch.long), rollouts=3, baseline="rollouts"
    )
    assert loss.reward.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    # Advantages: 1 - (1 + 0) / 2 = 0.5 twice, 0 - (1 + 1) / 2 = -1; 0 - (0 + 1) / 2 = -0.5 twice, 1 - 0 = 1.
    # 0.5 * -1 + 0.5 * -2 - 1 * -3 = 1.5; -0.5 * -4 - 0.5 * -5 + 1 * -6 = -1.5: the sum is 0.
    assert loss.reinforce.item() == pytest.approx(0.0)
    # The first image alone: -(1.5) / 3.
    first = hybrid_loss(
        logits[:3],
        torch.zeros(2, 3),
        log_probs[:, :3],
        torch.zeros(3, dtype=torch.long),
        rollouts=3,
        baseline="rollouts",
    )
    assert first.reinforce.item() == pytest.approx(-0.5)


def test_value_loss_is_the_mean_squared_error_over_all_glimpses() -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS)
    # (0.25 + 0.0625 + 0.0625 + 0.25 + 64 + 81) / 6, errors -0.5, 0.25, -0.25, 0.5, 8, 9
    assert loss.value.item() == pytest.approx(145.625 / 6)


@pytest.mark.parametrize("baseline", ["value", "rollouts", "none"])
def test_reinforce_reaches_the_policy_alone(baseline: Baseline) -> None:
    logits, values, log_probs = leaf(LOGITS), leaf(VALUES), leaf(LOG_PROBS)
    hybrid_loss(logits, values, log_probs, LABELS, rollouts=2, baseline=baseline).reinforce.backward()
    assert log_probs.grad is not None
    assert log_probs.grad.abs().sum() > 0
    assert values.grad is None  # the advantage is detached
    assert logits.grad is None


def test_reinforce_gradient_is_minus_the_advantage_per_episode() -> None:
    log_probs = leaf(LOG_PROBS)
    hybrid_loss(LOGITS, VALUES, log_probs, LABELS).reinforce.backward()
    assert log_probs.grad is not None
    # Advantages 0.5, -0.25 and 0.25, -0.5, over two episodes
    assert log_probs.grad.tolist() == [[-0.25, 0.125], [-0.125, 0.25]]


def test_value_loss_reaches_the_values_alone() -> None:
    logits, values, log_probs = leaf(LOGITS), leaf(VALUES), leaf(LOG_PROBS)
    hybrid_loss(logits, values, log_probs, LABELS).value.backward()
    assert values.grad is not None
    # 2 * (value - reward) / 6
    assert values.grad.flatten().tolist() == pytest.approx([-1 / 6, 0.25 / 3, -0.25 / 3, 0.5 / 3, 8 / 3, 3.0])
    assert logits.grad is None
    assert log_probs.grad is None


def test_action_loss_reaches_the_logits_alone() -> None:
    logits, values, log_probs = leaf(LOGITS), leaf(VALUES), leaf(LOG_PROBS)
    hybrid_loss(logits, values, log_probs, LABELS).action.backward()
    assert logits.grad is not None
    # (probability - label) / 2: (0.25, 0.75 - 1) / 2 and (0.25 - 1, 0.75) / 2
    assert logits.grad.flatten().tolist() == pytest.approx([0.125, -0.125, -0.375, 0.375])
    assert values.grad is None
    assert log_probs.grad is None


@pytest.mark.parametrize("baseline", ["value", "none"])
def test_single_episode_is_a_batch(baseline: Baseline) -> None:
    loss = hybrid_loss(LOGITS[:1], VALUES[:, :1], LOG_PROBS[:, :1], LABELS[:1], baseline=baseline)
    # 1.25 as above; without a baseline 1 + 3
    assert loss.reinforce.item() == pytest.approx({"value": 1.25, "none": 4.0}[baseline])
    assert loss.reward.tolist() == [1.0]


@pytest.mark.parametrize("baseline", ["value", "rollouts", "none"])
def test_single_glimpse_leaves_nothing_to_reinforce(baseline: Baseline) -> None:
    loss = hybrid_loss(LOGITS, VALUES[:1], LOG_PROBS[:0], LABELS, rollouts=2, baseline=baseline)
    assert loss.reinforce.item() == 0.0
    assert loss.value.item() == pytest.approx((0.25 + 0.0625) / 2)


def test_a_reward_can_be_the_share_of_the_information() -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, LABELS, reward="information")
    # 1 + ln 0.75 / ln 2 = 0.584963, and 1 + ln 0.25 / ln 2 = -1, which counts as a guess.
    assert loss.reward.tolist() == pytest.approx([0.584963, 0.0], abs=1e-6)


def test_a_guess_has_no_information_and_certainty_has_all() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [99.0, 0.0, 0.0, 0.0]])
    loss = hybrid_loss(logits, VALUES, LOG_PROBS, torch.tensor([0, 0]), reward="information")
    assert loss.reward.tolist() == pytest.approx([0.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("reward", get_args(Reward))
def test_no_reward_is_a_path_for_a_gradient(reward: Reward) -> None:
    logits, log_probs = leaf(LOGITS), leaf(LOG_PROBS)
    hybrid_loss(logits, VALUES, log_probs, LABELS, reward=reward).reinforce.backward()
    assert logits.grad is None


def test_losses_of_a_model_in_bfloat16_are_computed_in_float32() -> None:
    loss = hybrid_loss(LOGITS.bfloat16(), VALUES.bfloat16(), LOG_PROBS, LABELS)
    assert loss.action.dtype == loss.value.dtype == torch.float32


@pytest.mark.parametrize("reward", get_args(Reward))
def test_of_an_image_without_a_class_all_classes_are_equally_likely_and_it_earns_nothing(reward: Reward) -> None:
    loss = hybrid_loss(LOGITS, VALUES, LOG_PROBS, torch.tensor([-1, -1]), reward=reward)
    assert loss.reward.tolist() == [0.0, 0.0]
    # -(ln 3/4 + ln 1/4) / 2
    assert loss.action.item() == pytest.approx(0.836988, abs=1e-5)


def test_readings_of_a_batch_are_means_and_the_spread_is_over_images() -> None:
    torch.manual_seed(0)
    model = RAM(RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4))
    config = TrainConfig.of(rollouts=1)
    noise = torch.zeros(2, 2, 2)
    batch = Batch(torch.rand(2, 28, 28), torch.tensor([0, 1]), None, torch.tensor([[0.5, 0.5], [-0.5, 0.0]]), noise)
    _, readings = Objective(model, config)(batch)
    found = dict(zip(READINGS, readings.tolist(), strict=True))
    rollout = model.rollout(batch.images, sample_locations=False, initial_location=batch.initial_location)
    assert found["value"] == pytest.approx(rollout.values[:, -1].mean().item(), abs=1e-6)
    assert found["reward"] == (rollout.action == batch.labels).float().mean().item()
    # Two images: the standard deviation of a coordinate, over all there are, is half of its difference.
    moves = (rollout.location_means[0, 1:] - rollout.location_means[1, 1:]).abs() / 2
    assert found["location_spread"] == pytest.approx(moves.mean().item(), abs=1e-6)
