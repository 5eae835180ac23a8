"""The memory of trainings, estimated and measured: python -m tests.measure.training_memory [--only 0 3]

Each training runs for a few steps in a fork of this process, which has loaded everything by then, and says the largest
resident set it had. `app/runs/memory.py` has its factors from here.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from ram.config import RAMConfig
from ram.data.mnist import load_mnist
from ram.machine import keep_freed_memory
from ram.presets import PRESETS
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.trainer import Trainer

STEPS = 4
PLAIN = {"epochs": 1, "baseline": "value", "train_images": 1000, "validation_images": 100, "rollouts": 1}
PRECISE = {"precision": "float32", "batch_size": 128}
TRAININGS: list[dict[str, Any]] = [
    {},
    {"validation_images": 20_000},
    {"image_size": 256, "validation_images": 1000},
    {"batch_size": 1000, "rollouts": 16},
    {"batch_size": 16_000, "train_images": 16_000},
    {"batch_size": 4000, "train_images": 4000, "image_size": 64, "num_scales": 4, "glimpse_size": 12},
    {"batch_size": 500, "rollouts": 8, "num_scales": 2, "glimpse_size": 32},
    {"hidden_size": 2000, "glimpse_hidden_size": 512},
    {"batch_size": 1000, "rollouts": 8, "hidden_size": 1024},
    {"batch_size": 1000, "rollouts": 8, "use_lstm": True},
    {"batch_size": 1000, "image_size": 64, "num_scales": 4, "glimpse_size": 64},
    {"num_scales": 4, "glimpse_size": 64, "validation_images": 1000},
]


def configuration(changes: dict[str, Any]) -> RunConfig:
    """A run that has these fields."""
    preset = PRESETS["mnist"]
    fields = {**PLAIN, **PRECISE, **changes}
    names = {field.name for field in dataclasses.fields(RAMConfig)}
    model = {name: value for name, value in fields.items() if name in names}
    training = {name: value for name, value in fields.items() if name not in names}
    return RunConfig("mnist", dataclasses.replace(preset.model, **model), preset.training.replace(**training))


def measured(config: RunConfig) -> float:
    """The largest resident set of a training, in bytes.

    Raises:
        RuntimeError: it ended before its time.
    """
    child = os.fork()
    if not child:
        try:
            _train(config)
        finally:
            os._exit(1)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError("the training ended before its time")
    return usage.ru_maxrss * 1024


def _train(config: RunConfig) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    steps = iter(range(STEPS))
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "run")
        folder.create(config)
        trainer = Trainer(folder, load_mnist("train"), torch.device("cpu"))
        trainer.run(lambda: next(steps, None) is None, lambda _row: None)
    os._exit(0)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="+", default=range(len(TRAININGS)), help="some of the trainings")
    chosen = [TRAININGS[number] for number in parser.parse_args().only]
    peaks = [measured(configuration(changes)) for changes in chosen]
    # Not before: the app's modules would count as the trainings' memory.
    from app.runs.memory import training_memory
    from app.server.limits import MB

    print("| what differs | estimated, MB | measured, MB |\n|---|--:|--:|")
    for changes, peak in zip(chosen, peaks, strict=True):
        words = ", ".join(f"{name} {value}" for name, value in changes.items()) or "nothing"
        print(f"| {words} | {training_memory(configuration(changes)).size / MB:,.0f} | {peak / MB:,.0f} |")


if __name__ == "__main__":
    main()
