"""What is recorded about networks that were trained for another gaze."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from ram.checkpoints import SHIPPED, read_info
from ram.controls import RECORD, controls_for, read_controls
from ram.presets import PRESETS

ROOT = Path(__file__).parents[2]


def test_record_holds_three_networks_for_each_gaze_over_all_seeds() -> None:
    controls = read_controls()
    assert controls is not None
    assert [len(error.per_seed) for error in controls.errors.values()] == [3, 3, 3]
    # By hand: (0.5475 + 0.545 + 0.57) / 3, and the root of (0.0067² + 0.0092² + 0.0158²) / 2.
    learned = controls.errors["learned"]
    assert learned.mean == pytest.approx(0.5542, abs=1e-4)
    assert learned.spread == pytest.approx(0.0138, abs=1e-4)
    assert controls.places == PRESETS[controls.preset].model.num_glimpses


def test_controls_are_of_networks_with_the_same_architecture_and_recipe() -> None:
    info = read_info(SHIPPED / "mnist.safetensors")
    assert controls_for(info) == read_controls()
    assert controls_for(read_info(SHIPPED / "mnist-lstm.safetensors")) is None
    assert controls_for(dataclasses.replace(info, recipe={})) is None
    assert controls_for(dataclasses.replace(info, config=dataclasses.replace(info.config, num_glimpses=4))) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "other"},
        {"preset": "mnist-xl"},
        {"preset": []},
        {"digits": "many"},
        {"scan": None},
        {"error_percent": [1, 2, 3]},
        {"error_percent": {"learned": [0.5]}},
        {"error_percent": {"learned": [0.5], "fixed": [], "random": [1.0]}},
        {"error_percent": {"learned": [0.5], "fixed": ["<b>"], "random": [1.0]}},
        {"error_percent": {"learned": [0.5], "fixed": [120], "random": [1.0]}},
    ],
)
def test_damaged_record_is_none(tmp_path: Path, damage: dict[str, Any]) -> None:
    record = tmp_path / "controls.json"
    record.write_text(json.dumps(json.loads(RECORD.read_text(encoding="utf-8")) | damage), encoding="utf-8")
    assert read_controls(record) is None


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "{"])
def test_record_that_is_no_record_is_none(tmp_path: Path, text: str) -> None:
    record = tmp_path / "controls.json"
    record.write_text(text, encoding="utf-8")
    assert read_controls(record) is None
    assert read_controls(tmp_path / "nothing.json") is None


@pytest.mark.parametrize("file", ["README.md", "docs/experiments.md"])
def test_documents_quote_the_record(file: str) -> None:
    controls = read_controls()
    assert controls is not None
    text = (ROOT / file).read_text(encoding="utf-8")
    for error in controls.errors.values():
        digits = 2 if error.mean > 1 else 3
        assert f"{error.mean:.{digits}f} ± {error.spread:.{digits}f} %" in text
