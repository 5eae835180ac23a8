"""What is said beneath the curves of a training, from readings made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from app.figures.curve_sentences import (
    accuracy_sentence,
    loss_sentence,
    reached_sentence,
    reward_sentence,
    sentences,
    spread_sentence,
    variance_sentence,
)
from app.figures.curves import Curves


def run(name: str = "run", columns: dict[str, list[Any]] | None = None, **task: Any) -> Curves:
    """A run with one reading every other second."""
    columns = columns or {}
    rows = [
        {"elapsed_s": 2.0 * number, **dict(zip(columns, values, strict=True))}
        for number, values in enumerate(zip(*columns.values(), strict=True))
    ]
    return Curves(name, rows, **task)


def rewards(earned: list[float], value: list[float], **task: Any) -> str:
    return reward_sentence(run(columns={"reward": earned, "value": value}, **task))


def spread(values: list[Any], **task: Any) -> str:
    return spread_sentence(run(columns={"location_spread": values}, **task))


def accuracy(validation: list[float], training: list[float], epochs: float = 5, **task: Any) -> str:
    epoch = [epochs * number / max(len(training) - 1, 1) for number in range(len(training))]
    columns: dict[str, list[Any]] = {"validation_error": validation, "training_error": training, "epoch": epoch}
    return accuracy_sentence(run(columns=columns, **task))


def test_reward_and_value_that_meet_say_what_the_value_is_for() -> None:
    rising, following = [0.1, 0.5, 0.8, *[0.9] * 5], [0.0, 0.2, 0.7, *[0.88] * 5]
    assert rewards(rising, following) == (
        "Reward and value meet at about 0.90: the baseline has learned what to expect, and only surprises move the "
        "gaze now."
    )
    assert rewards(rising, following, baseline="none").endswith(
        "nothing is subtracted here, and each right answer pushes the gaze."
    )
    assert "the mean of the other rollouts" in rewards(rising, following, baseline="rollouts")
    assert "no gaze learns by it" in rewards(rising, following, gaze="off")
    assert "the pull to the digit still moves the gaze" in rewards(rising, following, is_pulled=True)
    assert rewards(rising, following, reward="information").startswith("Information and value meet at about 0.90")


@pytest.mark.parametrize(
    ("earned", "value", "says"),
    [
        ([0.1], [0.0], "It has only begun: watch the reward rise above what a guess earns."),
        (
            [0.1] * 6,
            [0.1] * 6,
            "Reward is about 0.10, hardly more than a guess earns: there is little to expect yet.",
        ),
        ([0.5] * 5, [0.4] * 5, "Reward (about 0.50) is ahead of the value (0.40), which still expects too little."),
        (
            [0.12, 0.21, 0.29, 0.27, 0.22],
            [-0.03, 0.09, 0.83, 0.04, 0.06],  # on average as far as the reward, by one reading alone
            "The value still swings about the reward (0.22): it has not learned what to expect yet.",
        ),
        ([0.5] * 5, [0.6] * 5, "The value (about 0.60) is ahead of the reward (0.50): it expects too much."),
        (
            [*[0.8] * 5, *[0.5] * 5],
            [0.5] * 10,
            "Reward fell from about 0.80 to 0.50: look at the spread, the gaze may have frozen.",
        ),
    ],
)
def test_reward_and_value_that_do_not_meet(earned: list[float], value: list[float], says: str) -> None:
    assert rewards(earned, value) == says


def test_single_outlier_is_no_fall() -> None:
    assert "meet" in rewards([0.5, 1.0, *[0.5] * 8], [0.5] * 10)


def test_spread_that_leaves_zero() -> None:
    # The third reading, after 4 s, is the first of at least 0.05.
    values = [0.01, 0.02, 0.08, 0.2, 0.25, 0.25, 0.25, 0.24]
    assert spread(values) == "The spread left 0 after 4 s and ended at 0.24: what it sees leads the gaze."
    assert spread(values, is_live=True) == (
        "The spread has left 0: it has begun to look around, at other places in other images (0.24)."
    )


@pytest.mark.parametrize(
    ("values", "task", "says"),
    [
        (
            [0.01] * 5,
            {},
            "The spread is 0.01: it looks at nearly the same places in every image. Watch whether it leaves 0.",
        ),
        ([*[0.3] * 5, *[0.02] * 5], {}, "The spread fell from 0.30 to 0.02: the gaze freezes, whatever it sees."),
        (
            [0.58] * 4,
            {"gaze": "random"},
            "Its places are random from the beginning to the end, with a spread of 0.58: no gaze is learned.",
        ),
        (
            [0.1] * 4,
            {"gaze": "off"},
            "Nothing teaches it where to look: its places differ (0.10) only as its memory does.",
        ),
        (
            [*[0.3] * 5, *[0.08] * 5],
            {"is_pulled": True},
            "A pull to the digit teaches it where to look: its places differ (0.08) mostly as digits do.",
        ),
    ],
)
def test_spread_that_tells_of_no_learned_gaze(values: list[float], task: dict[str, Any], says: str) -> None:
    assert spread(values, **task) == says


def test_accuracy_of_new_digits_beside_that_of_known_ones() -> None:
    assert accuracy([90, 10, 3], [90, 9, 2]) == (
        "It reads 97.0 % of new digits and 98.0 % of those it trains on: it has not memorised them."
    )
    assert accuracy([90, 10, 5, 5, 5, 5], [90, 9, 1, 1, 1, 1]) == (
        "It reads 99.0 % of the digits it trains on and 95.0 % of new ones: it has memorised some of them."
    )
    assert accuracy([90, 10, 3], [90, 9, 2], is_live=True) == (
        "97.0 % of new digits are right, and it still rises: watch where it levels off."
    )
    assert accuracy([90, 10, 40], [90, 9, 39]) == (
        "It was right about 90.0 % of new digits and now is about 60.0 %: it has become worse again."
    )
    assert accuracy([90.0], [89.0]) == "It has only begun, with 10 of 100 digits right: watch how soon that rises."


def test_nothing_is_memorised_before_it_was_seen_twice() -> None:
    level, learned = [90.0, 10.0, 5.0, 5.0, 5.0, 5.0], [90.0, 9.0, 1.0, 1.0, 1.0, 1.0]
    for is_live in (True, False):
        assert accuracy(level, learned, epochs=1.9, is_live=is_live) == (
            "It reads 99.0 % of the digits it trains on and 95.0 % of new ones, but has seen hardly any twice: it is "
            "too early to say why."
        )
    assert "memorised some" in accuracy(level, learned, epochs=2, is_live=True)


def test_what_still_rises_is_said_first_while_it_trains() -> None:
    # After two thirds, 60 % were right, and now 80 %, which is 12 less than of the digits it trains on and 10 less
    # than once.
    validation, training = [90.0, 10.0, 30.0, 40.0, 30.0, 20.0], [90.0, 9.0, 20.0, 20.0, 10.0, 8.0]
    assert accuracy(validation, training, is_live=True) == (
        "80.0 % of new digits are right, and it still rises: watch where it levels off."
    )
    assert "worse again" in accuracy(validation, training)
    assert accuracy([90, 40, 30, 20], [90, 30, 10, 8]) == (
        "It reads 92.0 % of the digits it trains on and 80.0 % of new ones, and the latter still rose at the end."
    )


def test_reward_that_still_rises_has_not_met_the_value() -> None:
    # Of nine readings, the last five have the mean 0.5 and the five before the last third 0.3: it rises by 0.2.
    rising = [0.0, 0.1, 0.25, 0.35, 0.4, 0.4, 0.5, 0.5, 0.7]
    behind = [number - 0.02 for number in rising]
    assert rewards(rising, behind, is_live=True) == (
        "The value (about 0.48) follows the reward (0.50); both still rise."
    )
    assert rewards(rising, [number + 0.1 for number in rising], is_live=True) == (
        "The value (about 0.60) is ahead of the reward (0.50); both still rise."
    )
    assert rewards(rising, [0.1] * 9, is_live=True, reward="information") == (
        "Information (about 0.50) still rises, and the value (0.10) has yet to follow."
    )
    assert "meet at about 0.50" in rewards(rising, behind)
    assert "meet at about 0.50" in rewards([0.5] * 9, [0.49] * 9, is_live=True)


def test_loss_as_a_probability() -> None:
    # exp(-0.10536) = 0.9
    entropy = [2.3, 1.0, 0.5, 0.10536]
    centred = run(columns={"action_loss": entropy, "reinforce_loss": [-1.0, 0.5, 0.2, -0.1]})
    assert loss_sentence(centred) == (
        "Cross-entropy fell from 2.30 to 0.11 nats: the right class typically gets 90 %. REINFORCE's value means "
        "nothing, only its slope does."
    )
    far = {"action_loss": entropy, "reinforce_loss": [-1.0, -3.0, -4.0, -5.0]}
    assert "about \N{MINUS SIGN}4.5: without a baseline, each right answer counts in full" in loss_sentence(
        run(columns=far, baseline="none")
    )
    assert loss_sentence(run(columns=far, gaze="off")).endswith("REINFORCE is drawn, but has no weight.")


def test_two_runs_are_named() -> None:
    a = run("a", {"location_spread": [0.01] * 5})
    b = run("b", {"location_spread": [0.3] * 5})
    said = sentences([a, b])
    assert said["spread"].splitlines()[0].startswith("a: The spread is 0.01")
    assert said["spread"].splitlines()[1].startswith("b: The spread left 0")
    assert said["accuracy"] == ""


@pytest.mark.parametrize("rows", [[], [{}], [{"elapsed_s": "x", "reward": None, "location_spread": float("nan")}]])
def test_no_readings_say_nothing(rows: list[dict[str, Any]]) -> None:
    assert set(sentences([Curves("run", rows)]).values()) == {""}


def test_recorded_run_is_compared_with_the_first() -> None:
    assert reached_sentence(75.04, 97.76) == "It reaches 75.0 %, and the first recorded run 97.8 %."


def test_variance_is_said_with_the_figures() -> None:
    assert variance_sentence([63.52, 92.7, 80.0], 97.9) == (
        "Without a baseline, runs that differ in their seeds alone reach 63.5, 92.7 and 80.0 %. With the value as "
        "their baseline and the usual weight of REINFORCE, the same minute reaches 97.9 %."
    )
