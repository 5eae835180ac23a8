"""The step as a GPU repeats it, here on the CPU: its settings and digits come from tables."""

from pathlib import Path
from typing import Any

import pytest

from ram.data.mnist import Digits
from ram.training.learner import Learner
from ram.training.step_graph import StepGraph
from tests.ram.short_run import make_trainer, metrics, resumable, same, train, weights

RECIPES: list[dict[str, Any]] = [
    {},
    {
        "optimizer": "muon",
        "batch_size": 48,  # the last of an epoch is filled up
        "elastic": 1.0,
        "thickness": 0.4,
        "variants": 0.25,
        "gaps_and_lines": 0.1,
        "unreadable": 0.2,
        "baseline": "rollouts",
        "reward": "information",
    },
    {"image_size": 60, "clutter": 2, "guidance": 1.0, "coverage": 2.0},
]


@pytest.fixture
def on_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every learner from now on steps as it would on a GPU."""
    monkeypatch.setattr(
        Learner,
        "_make_graph",
        lambda self: StepGraph(self.step, self.order, self.config, self.optimizers, self.generator),
    )


@pytest.mark.parametrize("recipe", RECIPES, ids=["adamw", "muon", "clutter"])
def test_steps_from_tables_equal_eager_steps(
    tmp_path: Path, digits: Digits, request: pytest.FixtureRequest, recipe: dict[str, Any]
) -> None:
    eager = make_trainer(tmp_path / "eager", digits, **recipe)
    train(eager)
    request.getfixturevalue("on_tables")
    recorded = make_trainer(tmp_path / "recorded", digits, **recipe)
    train(recorded)
    assert same(weights(recorded), weights(eager))
    assert metrics(recorded) == metrics(eager)
    assert resumable(recorded) == resumable(eager)  # the generator and what the optimisers remember, too


@pytest.mark.usefixtures("on_tables")
@pytest.mark.parametrize("stop", [3, 8, 11])
def test_resumed_run_finds_its_place_in_the_tables(tmp_path: Path, digits: Digits, stop: int) -> None:
    whole = make_trainer(tmp_path / "whole", digits, optimizer="muon")
    train(whole)
    assert train(make_trainer(tmp_path / "run", digits, optimizer="muon"), stop) == "stopped"
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.restore()
    train(trainer)
    assert same(weights(trainer), weights(whole))
    assert metrics(trainer) == metrics(whole)
    assert resumable(trainer) == resumable(whole)
