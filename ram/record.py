"""Command line: python -m ram.record

Makes the recorded runs that ship with the project anew, one after the other, on one thread of the CPU: all of them, or
those that are named. Their time is counted in images, so that it does not depend on how busy this machine is.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo, load_checkpoint, read_info, save_checkpoint
from ram.data.mnist import Digits, load_mnist
from ram.evaluation import RandomGaze
from ram.machine import write_utf8
from ram.model import RAM
from ram.recordings import FORMAT, IMAGES_PER_SECOND, INDEX, RECORDED, RECORDINGS, Recording
from ram.training.measuring import validation_error
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.trainer import Pace, Trainer

KEPT_FILES = ("config.json", "state.json", "metrics.jsonl", "traces.jsonl", "name.txt", INDEX)
Weights = dict[str, Tensor]


def record(name: str, recording: Recording, digits: Digits, target: Path) -> None:
    """Trains a run and puts what is kept of it into the folder `target`, in place of what was there."""
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / name)
        folder.create(RunConfig(name, recording.model, recording.training))
        folder.write_name(recording.title)
        trainer = Trainer(folder, digits, torch.device("cpu"))
        batch = trainer.learner.order.batch_size
        trainer.pace = Pace(clock=lambda: trainer.progress.step * batch / IMAGES_PER_SECOND)
        if recording.looks_at_random:
            for model in (trainer.learner.model, trainer.learner.averaged):
                _look_at_random(model)
        kept = _train(trainer, recording)
        _write_stages(trainer, recording, kept)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in (*KEPT_FILES, *(path.name for path in folder.path.glob("stage-*"))):
            if (folder.path / file).exists():
                shutil.copyfile(folder.path / file, target / file)
        if kept:  # the model as it was in the end is the one that looks on the page
            (target / _file(len(kept) - 1)).rename(target / folder.best.name)


def _look_at_random(model: RAM) -> None:
    gaze = RandomGaze(Generator().manual_seed(0))
    gaze.linear = model.location_network.linear  # never used, but part of the checkpoint
    model.location_network = gaze  # type: ignore[assignment]


@dataclasses.dataclass(frozen=True)
class _Moment:
    step: int
    seconds: float
    weights: Weights


def _train(trainer: Trainer, recording: Recording) -> list[_Moment]:
    """Trains to the end; returns the averaged weights at each stage."""
    kept: list[_Moment] = []
    due = [seconds for seconds, _ in recording.stages]

    def keep(row: dict[str, Any]) -> None:
        # The last one is the end, whenever that is.
        if len(kept) < len(due) and (row["elapsed_s"] >= due[len(kept)] or trainer.progress.share == 1):
            weights = {key: tensor.half() for key, tensor in trainer.learner.averaged.state_dict().items()}
            kept.append(_Moment(row["step"], row["elapsed_s"], weights))

    if due:
        keep(trainer.progress.position())
    trainer.run(lambda: False, keep)
    return kept


def _write_stages(trainer: Trainer, recording: Recording, kept: list[_Moment]) -> None:
    """Writes the weights in half precision, and an index that says what each of them reaches as it is stored."""
    if not kept:
        return
    info, rows, folder = read_info(trainer.folder.best), [], trainer.folder.path
    for number, (moment, (_, name)) in enumerate(zip(kept, recording.stages, strict=True)):
        path, last = folder / _file(number), number == len(kept) - 1
        save_checkpoint(path, moment.weights, info)
        error = validation_error(load_checkpoint(path, "cpu"), trainer.measuring.validation)
        results = {"validation_error": error, "epoch": moment.step // trainer.progress.steps_per_epoch}
        save_checkpoint(path, moment.weights, CheckpointInfo(**{**vars(info), "results": results}))
        rows.append(
            {
                "file": trainer.folder.best.name if last else path.name,
                "name": name,
                "step": moment.step,
                "seconds": moment.seconds,
                "validation_error": round(error, 2),
            }
        )
    text = json.dumps({"format": FORMAT, "stages": rows}, indent=1)
    (folder / INDEX).write_text(f"{text}\n", encoding="utf-8")


def _file(number: int) -> str:
    return f"stage-{number}.safetensors"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    write_utf8()
    parser = argparse.ArgumentParser(
        prog="python -m ram.record", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*RECORDINGS, []], metavar="NAME", help=", ".join(RECORDINGS))
    parser.add_argument("--folder", type=Path, default=RECORDED, help="where to put them (default: where they ship)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    digits = load_mnist("train")
    for name in options.names or RECORDINGS:
        record(name, RECORDINGS[name], digits, options.folder / name)
        state = RunFolder(options.folder / name).read_state()
        error = state.best_error if state else None
        print(f"{name}: validation error {'unknown' if error is None else f'{error:.2f} %'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
