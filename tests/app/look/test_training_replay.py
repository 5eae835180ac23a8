"""From the recorded scan paths to a replay, and from there to what the browser gets."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from app.components.learning import replay_data
from app.figures.palette import step_colors
from app.look.training_replay import MOST_READINGS, TrainingReplay, read_replay
from ram.config import RAMConfig

# Two digits of 4 rows and 6 columns, two glimpses at two scales, three classes.
CONFIG = RAMConfig(glimpse_size=2, num_scales=2, num_glimpses=2, num_actions=3)
IMAGES = [[[0] * 6] * 4, [[255] * 6] * 4]
HEADER = {"images": IMAGES, "labels": [2, 0], "classes": ["a", "b", "c"]}


def reading(step: int, **changes: Any) -> dict[str, Any]:
    row = {
        "step": step,
        "epoch": step / 10,
        "locations": [[[0.0, 0.0], [1.0, -1.0]], [[-1.0, 0.5], [0.1234567, 0.2]]],
        "values": [[0.5, 0.25], [0.1, -0.98765]],
        "class_probs": [[[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]], [[1.0, 0.0, 0.0], [0.12345, 0.54321, 0.33334]]],
        "accuracy": 95.25,
    }
    return {**row, **changes}


def replay_of(*rows: Any, run: str = "") -> TrainingReplay:
    replay = read_replay([HEADER, *rows], CONFIG, run=run)
    assert replay is not None
    return replay


def test_replay_holds_header_and_readings() -> None:
    replay = replay_of(reading(0, accuracy=None), reading(25), run="mine")
    assert replay.run == "mine"
    assert replay.images.dtype == np.uint8
    assert replay.images.tolist() == IMAGES
    assert (replay.labels.tolist(), replay.classes) == ([2, 0], ("a", "b", "c"))
    assert (replay.steps.tolist(), replay.epochs.tolist()) == ([0, 25], [0.0, 2.5])
    assert replay.locations.shape == (2, 2, 2, 2)
    assert replay.values[1].tolist() == [[0.5, 0.25], [0.1, -0.98765]]
    assert replay.class_probs.shape == (2, 2, 2, 3)
    assert replay.answers.tolist() == [[2, 1], [2, 1]]
    assert np.isnan(replay.accuracy[0])
    assert replay.accuracy[1] == 95.25


def test_corners_are_the_sensors() -> None:
    # A location (x, y) lies at ((x + 1) / 2 * 6, (y + 1) / 2 * 4) pixels; the windows of 2 and of 4 pixels are
    # centred there, on the nearest corner of pixels: (3, 2), (6, 0), (0, 3) and (3.37, 2.4), which is (3, 2).
    assert replay_of(reading(0)).corners[0].tolist() == [
        [[[2, 1], [1, 0]], [[5, -1], [4, -2]]],
        [[[-1, 2], [-2, 1]], [[2, 1], [1, 0]]],
    ]


@pytest.mark.parametrize("rows", [[], [HEADER], [HEADER, {}], [HEADER, {"step": 3}]])
def test_there_is_no_replay_without_a_reading(rows: list[dict[str, Any]]) -> None:
    assert read_replay(rows, CONFIG) is None


@pytest.mark.parametrize(
    "change",
    [
        {"images": [[[0] * 6] * 4, [[0] * 5] * 4]},
        {"images": []},
        {"images": [[[0.5] * 6] * 4] * 2},
        {"images": [[[256] * 6] * 4] * 2},
        {"images": [[[-1] * 6] * 4] * 2},
        {"images": None},
        {"labels": [2]},
        {"labels": [2, 3]},
        {"labels": [2, -1]},
        {"labels": ["c", "a"]},
        {"classes": ["a", "b"]},
        {"classes": ["a", "b", 3]},
        {"classes": None},
    ],
)
def test_damaged_header_gives_no_replay(change: dict[str, Any]) -> None:
    assert read_replay([{**HEADER, **change}, reading(0)], CONFIG) is None


def test_header_that_is_missing_gives_no_replay() -> None:
    assert read_replay([reading(0), reading(1)], CONFIG) is None
    broken: Any = [None, reading(0)]
    assert read_replay(broken, CONFIG) is None


@pytest.mark.parametrize(
    "change",
    [
        {"step": None},
        {"step": 1.5},
        {"step": -1},
        {"epoch": "soon"},
        {"epoch": float("inf")},
        {"locations": [[[0.0, 0.0], [1.0, -1.0]], [[-1.0, 0.5]]]},
        {"locations": [[[0.0, 0.0], [1.0, -1.0]]]},
        {"locations": [[[0.0, 0.0], [1.0, -1.01]]] * 2},
        {"locations": [[[0.0, 0.0], [1.0, float("nan")]]] * 2},
        {"values": [[0.5, None], [0.1, 0.2]]},
        {"values": [0.5, 0.1]},
        {"values": [[0.5, 10**400], [0.1, 0.2]]},
        {"class_probs": [[[0.5, 0.5]] * 2] * 2},
        {"class_probs": [[[0.5, 0.5, float("nan")]] * 2] * 2},
        {"accuracy": float("nan")},
        {"accuracy": "good"},
    ],
)
def test_damaged_reading_is_left_out(change: dict[str, Any]) -> None:
    assert replay_of(reading(0), {**reading(5), **change}, reading(10)).steps.tolist() == [0, 10]


@pytest.mark.parametrize("key", list(reading(0)))
def test_reading_without_one_of_its_keys_is_left_out(key: str) -> None:
    broken = reading(5)
    del broken[key]
    assert replay_of(reading(0), broken, [], None, "{").steps.tolist() == [0]


def test_resumed_run_replaces_a_reading_at_the_same_step() -> None:
    replay = replay_of(reading(0), reading(10), reading(20), reading(10, accuracy=50.0))
    assert replay.steps.tolist() == [0, 10, 20]
    assert replay.accuracy.tolist() == [95.25, 50.0, 95.25]


@pytest.mark.parametrize(
    ("count", "kept"),
    [
        (1, [0]),
        (MOST_READINGS, list(range(120))),
        (121, [*range(0, 120, 2), 120]),
        (239, [*range(0, 238, 2), 238]),
        (240, [*range(0, 239, 4), 239]),
        (1000, [*range(0, 999, 16), 999]),
    ],
)
def test_long_runs_are_thinned_evenly_and_keep_first_and_last(count: int, kept: list[int]) -> None:
    assert replay_of(*(reading(step) for step in range(count))).steps.tolist() == kept


def test_thinned_run_that_grows_changes_only_at_its_end() -> None:
    rows = [reading(step) for step in range(201)]
    before, after = replay_of(*rows[:200]).steps.tolist(), replay_of(*rows).steps.tolist()
    assert before[:-1] == after[: len(before) - 1]
    assert (before[-1], after[-1]) == (199, 200)


def test_browser_gets_the_last_answer_rounded() -> None:
    data = replay_data(replay_of(reading(0, accuracy=None), reading(3, accuracy=95.26)))
    assert (data["labels"], data["classes"]) == ([2, 0], ["a", "b", "c"])
    assert (data["size"], data["scales"], data["shape"]) == (2, 2, [4, 6])
    assert data["colors"] == step_colors(2)
    assert base64.b64decode(data["images"][1]) == b"\xff" * 24
    assert (data["steps"], data["epochs"]) == ([0, 3], [0.0, 0.3])
    assert data["locations"][0] == [[[0.0, 0.0], [1.0, -1.0]], [[-1.0, 0.5], [0.123, 0.2]]]
    assert data["corners"][1][0][1] == [[5, -1], [4, -2]]
    assert (data["answers"][0], data["sure"][0], data["values"][0]) == ([2, 1], [0.7, 0.543], [0.25, -0.988])
    assert data["accuracy"] == [None, 95.3]


def test_value_is_called_by_what_it_expects() -> None:
    replay = replay_of(reading(0))
    assert replay_data(replay)["value_name"] == "value"
    other = replay_data(dataclasses.replace(replay, reward="information"))
    assert other["value_name"] == "expected information"
    assert "not how likely the answer is to be right" in other["explains"]


def test_answer_is_the_most_probable_class_also_where_rounding_hides_it() -> None:
    probs = [[[0.3, 0.3, 0.4], [0.4996, 0.5004, 0.0]]] * 2
    data = replay_data(replay_of(reading(0, class_probs=probs)))
    assert (data["answers"], data["sure"]) == ([[1, 1]], [[0.5, 0.5]])


def test_identity_stays_while_a_run_grows_and_differs_between_runs() -> None:
    data = replay_data(replay_of(reading(0), run="a"))
    grown = replay_data(replay_of(reading(0), reading(1), run="a"))
    again = replay_data(replay_of(reading(0), run="a"))
    other = replay_data(replay_of(reading(0), run="b"))
    assert grown["id"] == data["id"] == again["id"] != other["id"]
    assert grown["version"] != data["version"] == again["version"]
    turned = copy.deepcopy(HEADER)
    turned["images"] = IMAGES[::-1]
    replay = read_replay([turned, reading(0)], CONFIG, run="a")
    assert replay is not None
    assert replay_data(replay)["id"] != data["id"]


def test_payload_is_compact() -> None:
    config = RAMConfig()
    rng = np.random.default_rng(0)
    header = {"images": rng.integers(0, 256, (6, 28, 28)).tolist(), "labels": [0] * 6, "classes": list("0123456789")}
    rows = [
        {
            "step": step,
            "epoch": step / 3,
            "locations": rng.uniform(-1, 1, (6, 6, 2)).tolist(),
            "values": rng.random((6, 6)).tolist(),
            "class_probs": rng.random((6, 6, 10)).tolist(),
            "accuracy": None,
        }
        for step in range(MOST_READINGS)
    ]
    replay = read_replay([header, *rows], config)
    assert replay is not None
    assert len(json.dumps(replay_data(replay))) < 200_000
