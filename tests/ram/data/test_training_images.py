"""Training on larger images, and with other number formats."""

import dataclasses
from pathlib import Path

import pytest
import torch

import ram.training.trainer
from ram.checkpoints import load_checkpoint, read_info
from ram.config import Precision, RAMConfig, TrainConfig
from ram.data.mnist import Digits
from ram.model import RAM
from ram.training.objective import Objective
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.trainer import Trainer

MODEL = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=3, hidden_size=32, glimpse_hidden_size=16)
TRAINING = TrainConfig(epochs=1, batch_size=32, rollouts=2, train_images=128, validation_images=100)


def trained(path: Path, digits: Digits, **options: object) -> Trainer:
    folder = RunFolder(path)
    folder.create(RunConfig("mnist", MODEL, dataclasses.replace(TRAINING, **options)))  # type: ignore[arg-type]
    trainer = Trainer(folder, digits.take(torch.arange(500)), torch.device("cpu"))
    trainer.run(lambda: False, lambda _row: None)
    return trainer


def test_run_on_cluttered_images_says_so_in_its_checkpoint(tmp_path: Path, training_digits: Digits) -> None:
    trainer = trained(tmp_path, training_digits, image_size=60, clutter=4)
    info = read_info(trainer.folder.best)
    assert info.image_size == 60
    assert info.recipe["clutter"] == 4
    model = load_checkpoint(trainer.folder.best, "cpu")
    assert model(torch.rand(60, 60))["locations"].shape == (2, 2)


def test_what_is_measured_and_traced_is_as_large_and_always_the_same(tmp_path: Path, training_digits: Digits) -> None:
    first = trained(tmp_path / "a", training_digits, image_size=60, clutter=4)
    second = trained(tmp_path / "b", training_digits, image_size=60, clutter=4, seed=5)
    assert first.mixture.validation.images.shape == (100, 60, 60)
    assert first.mixture.validation.images.equal(second.mixture.validation.images)
    traced = first.folder.read_traces()[0]
    assert len(traced["images"][0]) == 60


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ram.training, "REPORT_EVERY_S", 0.0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_weights_stay_in_float32(tmp_path: Path, training_digits: Digits, precision: Precision) -> None:
    trainer = trained(tmp_path, training_digits, precision=precision)
    assert trainer.low_precision == (precision == "bfloat16")
    assert {weight.dtype for weight in trainer.model.parameters()} == {torch.float32}
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


def test_guidance_pulls_looks_that_miss_the_digit_and_no_others(tmp_path: Path, training_digits: Digits) -> None:
    objective = Objective(RAM(MODEL), dataclasses.replace(TRAINING, image_size=60))
    # Two moves of two rollouts. The digit is 15 pixels to the right: a look at the middle misses it by 8 pixels,
    # of 30; one that is 7 pixels off does not miss it.
    means = torch.tensor([[[0.0, 0.0], [0.5, 0.0]], [[0.5, 7 / 30 - 1e-6], [0.5, 0.1]]])
    assert objective._pull(means, torch.tensor([[0.5, 0.0]])).item() == pytest.approx(8 / 30 / 4, abs=1e-6)


def test_coverage_pulls_the_nearest_look_to_each_quarter_of_the_digit() -> None:
    objective = Objective(RAM(MODEL), dataclasses.replace(TRAINING, image_size=60, coverage=3.0))
    # Two moves of two rollouts, in pixels from the digit's middle. The first comes to the middle of the upper left
    # quarter, and to that of the digit, from which the other three are √41 pixels away; the second is 4 pixels from
    # all. Nothing within 2 pixels counts, and a pixel is a thirtieth.
    means = torch.tensor([[[-4.0, -5.0], [0.0, -5.0]], [[0.0, 0.0], [0.0, 5.0]]]) / 30 + torch.tensor([0.4, -0.2])
    missed = ((41**0.5 - 2) * 3 / 4 + (4 - 2)) / 2
    assert objective._pull(means, torch.tensor([[0.4, -0.2]])).item() == pytest.approx(3 * missed / 30, abs=1e-6)


def test_guidance_fades_away_in_the_first_half_of_the_run(tmp_path: Path, training_digits: Digits) -> None:
    trainer = trained(tmp_path, training_digits, guidance=2.0)
    assert trainer.steps == 4
    for trainer.step, weight in enumerate([2.0, 1.0, 0.0, 0.0]):
        assert trainer.guidance == weight


def test_guidance_brings_the_gaze_to_the_digit(tmp_path: Path, training_digits: Digits) -> None:
    spread = {
        weight: trained(
            tmp_path / str(weight), training_digits, image_size=60, guidance=weight, epochs=12
        ).folder.read_metrics()[-1]["location_spread"]
        for weight in (0.0, 3.0)
    }
    assert spread[3.0] > 2 * spread[0.0]  # looks go to where the digit is, which is somewhere else each time
