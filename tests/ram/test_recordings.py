"""Recorded runs: how they are made, what ships, and what becomes of damaged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ram.checkpoints import load_checkpoint, parameter_count, read_info
from ram.config import TrainConfig
from ram.data.mnist import Digits, split_training
from ram.model import RAM
from ram.record import record
from ram.recordings import INDEX, RECORDED, RECORDINGS, Recording, read_stages
from ram.training.measuring import validation_error
from ram.training.run_folder import RunFolder
from tests.ram.short_run import MODEL, TRAINING

LARGEST = 3 * 1024**2  # bytes of all recorded runs together
# Of 16 steps with 32 images, at 10,000 images a second.
STAGES = ((0.0, "untrained"), (0.02, "soon"), (60.0, "in the end"))
SHORT = Recording("A short one", "It is short.", MODEL, TRAINING, stages=STAGES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, digits: Digits) -> Path:
    """Where a short run was recorded."""
    folder = tmp_path_factory.mktemp("recorded")
    record("short", SHORT, digits, folder / "short")
    return folder


def test_recorded_run_is_a_run_without_what_would_serve_to_resume_it(folder: Path) -> None:
    run = RunFolder(folder / "short")
    assert {path.name for path in run.path.iterdir()} == {
        *("config.json", "name.txt", "state.json", "metrics.jsonl", "traces.jsonl", INDEX),
        *("stage-0.safetensors", "stage-1.safetensors", "best.safetensors"),
    }
    state = run.read_state()
    assert state is not None
    assert (state.status, state.step, state.elapsed_s) == ("finished", 16, 0.1)
    assert run.read_config().training == TRAINING


def test_its_time_is_counted_in_images(folder: Path) -> None:
    rows = RunFolder(folder / "short").read_metrics()
    assert [row["elapsed_s"] for row in rows] == [round(row["step"] * 32 / 10_000, 3) for row in rows]


def test_its_stages_are_the_run_at_these_moments(folder: Path, digits: Digits) -> None:
    stages = read_stages("short", folder)
    assert [(stage.name, stage.step) for stage in stages] == [("untrained", 0), ("soon", 7), ("in the end", 16)]
    torch.manual_seed(TRAINING.schedule.seed)
    untrained = RAM(MODEL).state_dict()
    kept = load_checkpoint(stages[0].path, "cpu").state_dict()
    assert all(kept[name].equal(weight.half().float()) for name, weight in untrained.items())
    assert stages[2].path == folder / "short" / "best.safetensors"
    held_back = split_training(digits, TRAINING.data)[1]
    for stage in stages:
        assert round(validation_error(load_checkpoint(stage.path, "cpu"), held_back), 2) == stage.validation_error


def test_the_same_run_is_recorded_again(folder: Path, digits: Digits, tmp_path: Path) -> None:
    record(
        "short", Recording("A short one", "It is short.", MODEL, TRAINING, stages=STAGES), digits, tmp_path / "again"
    )
    for name in ("metrics.jsonl", "traces.jsonl", INDEX):
        assert (tmp_path / "again" / name).read_bytes() == (folder / "short" / name).read_bytes()


def test_run_that_looks_at_random_places_is_measured_so(digits: Digits, tmp_path: Path) -> None:
    blind = TRAINING.replace(reinforce_weight=0.0)
    record("blind", Recording("Blind", "It is blind.", MODEL, blind, looks_at_random=True), digits, tmp_path / "blind")
    run = RunFolder(tmp_path / "blind")
    assert not run.best.exists()
    spreads = [row["location_spread"] for row in run.read_metrics()[1:]]
    # Of a uniform distribution on [-1, 1]: 1 / sqrt(3) = 0.577.
    assert all(0.5 < spread < 0.65 for spread in spreads)
    looks = [row["locations"] for row in run.read_scan_paths()[1:]]
    first, second = ([digit[1:] for digit in look] for look in looks[:2])
    assert first != second


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        '{"format": "another", "stages": []}',
        '{"format": "ram-stages-1", "stages": 3}',
        *(
            json.dumps({"format": "ram-stages-1", "stages": [row]})
            for row in (
                3,
                {},
                {"file": "../x", "name": "a", "step": 0, "seconds": 0, "validation_error": 1},
                {"file": 3, "name": "a", "step": 0, "seconds": 0, "validation_error": 1},
                {"file": "stage.safetensors", "name": 1, "step": 0, "seconds": 0, "validation_error": 1},
                {"file": "stage.safetensors", "name": "a", "step": -1, "seconds": 0, "validation_error": 1},
                {"file": "stage.safetensors", "name": "a", "step": 0, "seconds": "0", "validation_error": 1},
                {"file": "long" * 1000, "name": "a", "step": 0, "seconds": 0, "validation_error": 1},
                {"file": "a\0b", "name": "a", "step": 0, "seconds": 0, "validation_error": 1},
                {"file": "missing.safetensors", "name": "a", "step": 0, "seconds": 0, "validation_error": 1},
            )
        ),
    ],
)
def test_damaged_index_leaves_stages_out(index: str, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "x").touch()
    (tmp_path / "run" / "stage.safetensors").touch()
    (tmp_path / "run" / INDEX).write_text(index, encoding="utf-8")
    assert read_stages("run", tmp_path) == []


@pytest.mark.parametrize("name", RECORDINGS)
def test_shipped_run_is_the_recording_of_that_name(name: str) -> None:
    run, recording = RunFolder(RECORDED / name), RECORDINGS[name]
    config, state = run.read_config(), run.read_state()
    assert (config.model, config.training) == (recording.model, recording.training)
    assert (run.path / "name.txt").read_text(encoding="utf-8") == recording.title
    assert state is not None
    assert state.status == "finished"
    assert 59 < state.elapsed_s < 61
    assert len(run.read_scan_paths()) > 10
    assert len(run.read_metrics()) > 50
    assert [stage.name for stage in read_stages(name)] == [name for _, name in recording.stages]
    assert run.best.exists() == bool(recording.stages)


def test_shipped_runs_are_small() -> None:
    assert sum(path.stat().st_size for path in RECORDED.rglob("*")) <= LARGEST


def test_shipped_stages_learn() -> None:
    stages = read_stages("one-minute")
    errors = [stage.validation_error for stage in stages]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 85
    assert errors[-1] < 3
    for stage in stages:
        info: Any = read_info(stage.path)
        assert parameter_count(info.config) == 217_613
        assert abs(info.results["validation_error"] - stage.validation_error) < 0.01


def test_what_is_said_of_the_shipped_runs_is_so() -> None:
    states = {name: RunFolder(RECORDED / name).read_state() for name in RECORDINGS}
    errors = {name: state.best_error for name, state in states.items() if state and state.best_error is not None}
    first = errors.pop("one-minute")
    assert abs(errors.pop("no-reinforce") - first) < 0.5  # "that it reads as well"
    assert min(errors.values()) > 2 * first  # all others fail, each in its way


def test_runs_without_baseline_differ_in_their_seeds_alone() -> None:
    trainings = [RECORDINGS[f"no-baseline-{seed}"].training for seed in (1, 2, 3)]
    assert {training.replace(seed=0) for training in trainings} == {trainings[0].replace(seed=0)}
    assert len({training.schedule.seed for training in trainings}) == 3
    assert isinstance(trainings[0], TrainConfig)
