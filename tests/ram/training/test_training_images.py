"""Training on larger images, and with other number formats."""

from pathlib import Path

import pytest
import torch

from ram.checkpoints import load_checkpoint, read_info
from ram.config import Precision, RAMConfig, TrainConfig
from ram.data.mnist import Digits
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.trainer import Pace, Trainer

MODEL = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=3, hidden_size=32, glimpse_hidden_size=16)
TRAINING = TrainConfig.of(epochs=1, batch_size=32, rollouts=2, train_images=128, validation_images=100)


def trained(path: Path, digits: Digits, **options: object) -> Trainer:
    folder = RunFolder(path)
    folder.create(RunConfig("mnist", MODEL, TRAINING.replace(**options)))
    trainer = Trainer(folder, digits.take(torch.arange(500)), torch.device("cpu"), pace=Pace(report_s=0.0))
    trainer.run(lambda: False, lambda _row: None)
    return trainer


def test_run_on_cluttered_images_says_so_in_its_checkpoint(tmp_path: Path, training_digits: Digits) -> None:
    trainer = trained(tmp_path, training_digits, image_size=60, clutter=4)
    info = read_info(trainer.folder.best)
    assert info.image_size == 60
    assert info.recipe["clutter"] == 4
    model = load_checkpoint(trainer.folder.best, "cpu")
    assert model(torch.rand(60, 60))["locations"].shape == (2, 2)


def test_what_is_measured_and_followed_is_as_large_and_always_the_same(tmp_path: Path, training_digits: Digits) -> None:
    first = trained(tmp_path / "a", training_digits, image_size=60, clutter=4)
    second = trained(tmp_path / "b", training_digits, image_size=60, clutter=4, seed=5)
    assert first.measuring.validation.images.shape == (100, 60, 60)
    assert first.measuring.validation.images.equal(second.measuring.validation.images)
    followed = first.folder.read_scan_paths()[0]
    assert len(followed["images"][0]) == 60


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_weights_stay_in_float32(tmp_path: Path, training_digits: Digits, precision: Precision) -> None:
    trainer = trained(tmp_path, training_digits, precision=precision)
    assert trainer.learner.low_precision == (precision == "bfloat16")
    assert {weight.dtype for weight in trainer.learner.model.parameters()} == {torch.float32}
    assert {weight.dtype for weight in load_checkpoint(trainer.folder.best, "cpu").parameters()} == {torch.float32}


def test_training_in_bfloat16_goes_nearly_the_same_way(tmp_path: Path, training_digits: Digits) -> None:
    exact, rounded = (
        trained(tmp_path / precision, training_digits, precision=precision, epochs=2)
        for precision in ("float32", "bfloat16")
    )
    losses = [
        [row["action_loss"] for row in run.folder.read_metrics() if "action_loss" in row] for run in (exact, rounded)
    ]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
