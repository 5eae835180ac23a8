"""The stages that can lie under the microscope."""

import shutil
from pathlib import Path

from app.look.observing import stages
from ram.checkpoints import SHIPPED


def test_runs_that_are_called_like_a_recorded_stage_can_be_told_from_it(runs_folder: Path) -> None:
    for folder, name in {"a": "One minute: untrained", "b": "One minute: untrained 2", "one-minute-0": "mine"}.items():
        run = runs_folder / folder
        run.mkdir(parents=True)
        shutil.copy(SHIPPED / "mnist.safetensors", run / "best.safetensors")
        (run / "name.txt").write_text(name, encoding="utf-8")
    found = stages()
    labels = [stage.label for stage in found.values()]
    assert len(labels) == len(set(labels))
    assert found["one-minute-0"].model == ""  # the recorded one
