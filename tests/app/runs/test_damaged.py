"""Damaged checkpoints and run folders, and killed processes: a few of what tests/measure tries by the thousand."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

from ram.data.mnist import Digits, load_mnist
from tests.measure.damaged import damaged_checkpoints, damaged_folders
from tests.measure.kills import kill_servers, kill_trainings


@pytest.fixture(scope="module")
def few_digits() -> Digits:
    return load_mnist("train").take(torch.arange(1000))


def test_damaged_checkpoint_is_refused_or_can_be_used(tmp_path: Path, few_digits: Digits) -> None:
    report = damaged_checkpoints(tmp_path, few_digits, range(200))
    assert report.problems == []
    assert report.accepted > 20


def test_damaged_run_harms_nobody_but_itself(tmp_path: Path, few_digits: Digits) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    report = damaged_folders(folder, few_digits, range(100))
    assert report.problems == []
    assert report.accepted > 20


def test_killed_training_ends_as_it_would_have(tmp_path: Path) -> None:
    assert kill_trainings(tmp_path, 3, Random(1)) == []


def test_killed_server_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    assert kill_servers(folder, 2, Random(1)) == []
