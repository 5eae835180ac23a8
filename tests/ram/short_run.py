"""A run of 16 steps, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ram.checkpoints import CheckpointInfo, load_checkpoint, read_info
from ram.config import RAMConfig, TrainConfig
from ram.data.mnist import Digits
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.trainer import Pace, Trainer

MODEL = RAMConfig(num_glimpses=3, hidden_size=32, glimpse_hidden_size=16)
# 256 digits in batches of 32 are 8 steps an epoch, so 16 in all.
TRAINING = TrainConfig.of(
    epochs=2,
    batch_size=32,
    rollouts=2,
    learning_rate=1e-2,
    ema_decay=0.9,
    location_noise=0.2,
    rotation=10.0,
    translation=1.0,
    train_images=256,
    validation_images=100,
    seed=7,
)


# Otherwise readings are taken by the clock, and so differ between equal runs.
EVERY_STEP = Pace(report_s=0.0, least_steps=1)


def make_trainer(path: Path, digits: Digits, pace: Pace = EVERY_STEP, **training: Any) -> Trainer:
    folder = RunFolder(path)
    if not (path / "config.json").exists():
        folder.create(RunConfig("mnist", MODEL, TRAINING.replace(**training)))
    return Trainer(folder, digits, torch.device("cpu"), pace=pace)


def train(trainer: Trainer, stop_at: int | None = None) -> str:
    return trainer.run(lambda: trainer.progress.step == stop_at, lambda _row: None).status


def weights(trainer: Trainer) -> list[Tensor]:
    return [*trainer.learner.model.state_dict().values(), *trainer.learner.averaged.state_dict().values()]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(a.equal(b) for a, b in zip(one, other, strict=True))


def metrics(trainer: Trainer) -> list[dict[str, Any]]:
    """The readings without the clock's."""
    return [{key: row[key] for key in row if key != "elapsed_s"} for row in trainer.folder.read_metrics()]


def best(trainer: Trainer) -> tuple[CheckpointInfo, dict[str, Any]]:
    """The best checkpoint's content; its bytes differ, because safetensors orders the metadata at random."""
    model = load_checkpoint(trainer.folder.best, "cpu")
    return read_info(trainer.folder.best), {name: weight.tolist() for name, weight in model.state_dict().items()}


def resumable(trainer: Trainer) -> dict[str, Any]:
    """Everything in latest.safetensors but the time it took."""
    tensors, progress = trainer.folder.read_latest()
    return {name: value.tolist() for name, value in tensors.items()} | {**progress, "elapsed": None}
