"""The mean of several models' weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from ram.average import main
from ram.checkpoints import CheckpointInfo, load_checkpoint, read_info, save_checkpoint
from ram.config import RAMConfig
from ram.model import RAM

SMALL = RAMConfig(num_glimpses=2, hidden_size=8, glimpse_hidden_size=4)


def save(path: Path, value: float, config: RAMConfig = SMALL) -> Path:
    weights = {name: torch.full_like(weight, value) for name, weight in RAM(config).state_dict().items()}
    save_checkpoint(path, weights, CheckpointInfo(config, 28, {"preset": "mnist", "seed": value}, {"epoch": 3}))
    return path


def test_weights_are_averaged_and_recipes_kept(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{value}.safetensors", value) for value in (1.0, 2.0, 6.0)]
    assert main([*map(str, files), "--to", str(tmp_path / "mean.safetensors")]) == 0
    for weight in load_checkpoint(tmp_path / "mean.safetensors", "cpu").state_dict().values():
        assert torch.equal(weight, torch.full_like(weight, 3.0))
    info = read_info(tmp_path / "mean.safetensors")
    assert info.recipe["seed"] == 1.0
    assert [recipe["seed"] for recipe in info.recipe["averaged_with"]] == [2.0, 6.0]
    assert info.results == {}  # they were another model's


def test_other_architecture_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = save(tmp_path / "other.safetensors", 1.0, dataclasses.replace(SMALL, hidden_size=9))
    target = tmp_path / "mean.safetensors"
    assert main([str(save(tmp_path / "one.safetensors", 1.0)), str(other), "--to", str(target)]) == 1
    said = capsys.readouterr().err
    assert said == "ram.average: other.safetensors cannot be averaged with one.safetensors: its config differs\n"
    assert not target.exists()
