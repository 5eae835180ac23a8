"""Finishes and their mean, by hand."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ram.checkpoints import load_checkpoint, read_info
from ram.config import AugmentationConfig, FinishConfig
from ram.data.mnist import Digits
from ram.training.finishes import Finishes, Phase, phase_at, strength
from ram.training.trainer import Trainer
from tests.ram.short_run import best, make_trainer, metrics, resumable, same, train, weights


def test_run_without_a_finish_is_one_phase() -> None:
    config = FinishConfig(finishes=3)
    assert [phase_at(progress, config) for progress in (0.0, 0.5, 1.0)] == [(0, 0.0), (0, 0.5), (0, 1)]


def test_finishes_divide_the_end_of_a_run() -> None:
    config = FinishConfig(finish=0.5, finishes=4)  # each an eighth of the run
    at = [phase_at(eighths / 8, config) for eighths in (0, 3, 4, 4.5, 5, 6, 7.75, 8)]
    assert at == [(0, 0.0), (0, 0.75), (1, 0.0), (1, 0.5), (2, 0.0), (3, 0.0), (4, 0.75), (4, 1.0)]
    assert [phase.peak for phase in at] == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert Phase(0, 0.0).peak == 1.0


def test_changes_of_the_finishes_lie_around_two_thirds() -> None:
    assert strength(1, FinishConfig(finishes=1, finish_spread=0.2)) == pytest.approx(2 / 3)
    assert [strength(number, FinishConfig(finishes=3)) for number in (1, 2, 3)] == pytest.approx([2 / 3] * 3)
    apart = FinishConfig(finishes=3, finish_spread=1 / 3)
    assert [strength(number, apart) for number in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_model_is_the_mean_of_all_ends() -> None:
    finishes = Finishes(FinishConfig(), AugmentationConfig())
    assert finishes.begin(1, {"w": torch.tensor([10.0])})["w"] == 10  # the end of the main part
    assert finishes.mean_with({"w": torch.tensor([12.0])})["w"] == 12
    assert finishes.begin(2, {"w": torch.tensor([13.0])})["w"] == 10
    assert finishes.mean_with({"w": torch.tensor([14.0])})["w"] == pytest.approx(13.5)
    assert finishes.begin(3, {"w": torch.tensor([15.0])})["w"] == 10
    assert finishes.mean_with({"w": torch.tensor([20.0])})["w"] == pytest.approx(16.0)  # of 13, 15 and 20
    again = Finishes(FinishConfig(), AugmentationConfig())
    again.restore(finishes.tensors(), 3)
    assert again.mean_with({"w": torch.tensor([20.0])})["w"] == pytest.approx(16.0)
    assert again.begin(4, {"w": torch.tensor([20.0])})["w"] == 10


def test_weights_that_finishes_keep_do_not_change_with_the_model() -> None:
    finishes, weight = Finishes(FinishConfig(), AugmentationConfig()), torch.tensor([10.0])
    finishes.begin(1, {"w": weight})
    weight += 2
    assert finishes.begin(2, {"w": weight})["w"] == 10
    weight += 5
    assert finishes.mean_with({"w": torch.tensor([14.0])})["w"] == pytest.approx(13.0)  # of 12 and 14


def changes_of_each_step(trainer: Trainer) -> list[AugmentationConfig]:
    """Trains; how digits were changed in each step."""
    seen: list[AugmentationConfig] = []

    def note() -> bool:
        seen.append(trainer.learner.finishes.augmentation)
        return False

    trainer.run(note, lambda _row: None)
    return seen


def test_digits_are_changed_less_in_the_finish(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, finish=0.25, rotation=9.0, variants=0.3)
    seen = [(changes.rotation, changes.variants) for changes in changes_of_each_step(trainer)]
    assert seen == [(9.0, 0.3)] * 12 + [(6.0, pytest.approx(0.2))] * 4  # of 16 steps
    # The end is kept, whether or not an epoch before it was luckier.
    assert read_info(trainer.folder.best).results["epoch"] == 2


def test_finishes_can_change_digits_each_more_than_the_one_before(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, finish=0.5, finishes=2, finish_spread=1 / 6, rotation=12.0)
    seen = [changes.rotation for changes in changes_of_each_step(trainer)]
    assert seen == [12.0] * 8 + [pytest.approx(6.0)] * 4 + [pytest.approx(10.0)] * 4


def test_every_finish_begins_where_the_main_part_ended(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, finish=0.5, finishes=2)
    ends: dict[int, list[Tensor]] = {}

    def keep(step: int) -> bool:
        if step in (8, 12, 16):
            ends[step] = [weight.clone() for weight in trainer.learner.averaged.state_dict().values()]
        return False

    trainer.run(lambda: keep(trainer.progress.step), lambda _row: None)
    assert same(list(trainer.learner.finishes.start.values()), ends[8])
    model = load_checkpoint(trainer.folder.best, "cpu")
    mean = [(first + second) / 2 for first, second in zip(ends[12], ends[16], strict=True)]
    assert not same(ends[12], ends[16])
    for weight, expected in zip(model.state_dict().values(), mean, strict=True):
        torch.testing.assert_close(weight, expected)


@pytest.mark.parametrize("stop", [7, 8, 10, 12, 13])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_run_stopped_about_its_finishes_goes_on_as_if_it_had_not(
    tmp_path: Path, digits: Digits, stop: int, optimizer: str
) -> None:
    recipe: dict[str, Any] = {"finish": 0.5, "finishes": 2, "optimizer": optimizer}
    whole = make_trainer(tmp_path / "whole", digits, **recipe)
    train(whole)
    assert train(make_trainer(tmp_path / "run", digits, **recipe), stop) == "stopped"
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.restore()
    assert train(trainer) == "finished"
    assert same(weights(trainer), weights(whole))
    assert metrics(trainer) == metrics(whole)
    assert resumable(trainer) == resumable(whole)
    assert best(trainer) == best(whole)
