"""How far a run is, and the learning rate there, by hand."""

import math

import pytest

from ram.config import ScheduleConfig, TrainConfig
from ram.training.measuring import is_time_to_measure
from ram.training.schedule import Progress, learning_rate, settings_at, strength


def test_learning_rate_rises_linearly_and_falls_as_a_cosine() -> None:
    # Half-way through the first tenth; its end; half-way through the rest; the end
    assert [learning_rate(p, 0.1) for p in (0.0, 0.05, 0.1, 0.55, 1.0)] == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])
    assert learning_rate(0.325, 0.1) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))  # a quarter of the rest


def test_progress_is_the_share_of_the_steps() -> None:
    progress = Progress(ScheduleConfig(epochs=5), steps_per_epoch=8)
    progress.step, progress.elapsed = 10, 3.0
    assert (progress.steps, progress.share, progress.epoch, progress.seconds_left) == (40, 0.25, 1, 9.0)
    assert progress.position() == {"step": 10, "epoch": 1.25, "elapsed_s": 3.0}


def test_time_budget_takes_the_place_of_the_epochs() -> None:
    progress = Progress(ScheduleConfig(epochs=5, minutes=2), steps_per_epoch=8)
    assert (progress.steps, progress.share, progress.seconds_left) == (0, 0.0, 0.0)  # nothing is known yet
    progress.step, progress.elapsed = 10, 30.0
    assert (progress.steps, progress.share, progress.seconds_left) == (40, 0.25, 90.0)
    progress.elapsed = 121.0
    assert progress.share == 1.0


def measured(epochs: int, steps_per_epoch: int, least_steps: int) -> list[int]:
    progress = Progress(ScheduleConfig(epochs=epochs), steps_per_epoch)
    steps = []
    for step in range(1, progress.steps + 1):
        progress.step = step
        if is_time_to_measure(progress, least_steps):
            steps.append(step)
    return steps


def test_run_is_measured_after_every_epoch_and_earlier_in_the_first() -> None:
    assert measured(epochs=3, steps_per_epoch=32, least_steps=1) == [2, 4, 8, 16, 32, 64, 96]


def test_short_epochs_are_measured_every_few() -> None:
    # 20 steps need three epochs of 8: after 1/16, 1/8, 1/4 and 1/2 of them, after each three, and at the end
    assert measured(epochs=7, steps_per_epoch=8, least_steps=20) == [1, 3, 6, 12, 24, 48, 56]


def test_many_epochs_are_measured_at_most_a_hundred_times() -> None:
    steps = measured(epochs=1000, steps_per_epoch=8, least_steps=1)
    assert len([step for step in steps if step % 80 == 0]) == len(steps) - 4 == 100


def test_changes_of_digits_fade_to_a_third_in_the_last_two_fifths() -> None:
    assert [strength(p) for p in (0.0, 0.6, 0.7, 0.8, 1.0)] == pytest.approx([1.0, 1.0, 5 / 6, 2 / 3, 1 / 3])


def test_settings_of_a_step_by_hand() -> None:
    config = TrainConfig.of(learning_rate=0.01, warm_up=0.1, ema_decay=0.9)
    # At the begin the rate is zero and the average follows quickly; later half of the rate is left, and 0.9 of it kept.
    assert settings_at(0.0, 0, config) == pytest.approx((0.0, 1.0, 9 / 11))
    assert settings_at(0.55, 900, config) == pytest.approx((0.005, 1.0, 0.1))
