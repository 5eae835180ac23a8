"""Command line: python -m ram.train --preset mnist

Trains a model into a run folder. Ctrl-C stops it without loss; --resume goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch
from tqdm import tqdm

from ram.checkpoints import SHIPPED, parameter_count, read_info
from ram.config import PRESETS, ConfigError, RAMConfig, TrainConfig
from ram.data.collection import load_collection
from ram.data.mnist import MNIST_FOLDER, DataError, load_mnist
from ram.machine import choose_device, keep_freed_memory
from ram.training.distributed import Team, TeamError
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState
from ram.training.trainer import Trainer, TrainingError


def build_parser() -> argparse.ArgumentParser:
    """One flag for every field of both configurations, with the field's own explanation."""
    parser = argparse.ArgumentParser(
        prog="python -m ram.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mnist", help="where to start from")
    parser.add_argument("--list", action="store_true", help="list the presets and exit")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--run", type=Path, help="folder of the new run (default: runs/<preset>-<time>)")
    place.add_argument("--resume", type=Path, help="go on with the run in this folder")
    parser.add_argument("--start", type=Path, help="checkpoint to go on from, not the preset's or random weights")
    parser.add_argument("--drawings", type=Path, help="file of drawings to train on beside MNIST")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--data", type=Path, default=MNIST_FOLDER, help="folder of the four MNIST files")
    for title, kind in (("architecture", RAMConfig), ("training", TrainConfig)):
        group = parser.add_argument_group(f"{title} (default: the preset's)")
        hints = get_type_hints(kind)
        for field in dataclasses.fields(kind):
            group.add_argument(
                f"--{field.name.replace('_', '-')}", help=field.metadata["help"], **_flag(hints[field.name])
            )
    return parser


def _flag(hint: Any) -> dict[str, Any]:
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    if choices := get_args(hint):
        return {"choices": choices}
    return {"type": hint, "metavar": hint.__name__.upper()}


def command_line(config: RunConfig) -> str:
    """The command that trains the same."""
    name = config.preset if config.preset in PRESETS else "mnist"
    words = [f"python -m ram.train --preset {name}"]
    if config.start and config.start != PRESETS[name].start:
        words.append(f"--start {shlex.quote(f'{config.start}.safetensors')}")
    preset = PRESETS[name]
    usual = {**dataclasses.asdict(preset.model), **dataclasses.asdict(preset.training)}
    for field, value in {**dataclasses.asdict(config.model), **dataclasses.asdict(config.training)}.items():
        flag = field.replace("_", "-")
        if value == usual[field] or (field == "epochs" and config.training.minutes):  # then they count for nothing
            continue
        words.append(f"--{'' if value else 'no-'}{flag}" if isinstance(value, bool) else f"--{flag} {value}")
    return " ".join(words)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = build_parser().parse_args(arguments)
    if options.list:
        for name, preset in PRESETS.items():
            print(f"{name:14} {preset.description}")
        return 0
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    keep_freed_memory()
    try:
        return _train(options)
    except (DataError, RunError, TeamError, TrainingError, ValueError) as error:
        print(f"ram.train: {error}", file=sys.stderr)
    except OSError as error:
        print(f"ram.train: cannot write the run: {error}; what was saved before is intact", file=sys.stderr)
    return 1


def _train(options: argparse.Namespace) -> int:
    if options.threads is not None:
        if options.threads < 1:
            raise ConfigError(f"threads={options.threads} is not possible: it must be at least 1")
        torch.set_num_threads(options.threads)
    with Team.from_environment() as team:
        device, digits = team.device(choose_device(options.device)), load_mnist("train", options.data)
        # The folder comes last: a wrong device or data folder must not leave a run that never began.
        folder = RunFolder(team.follow(_open_run(options).path if team.leads else Path()))
        if not team.leads:
            _run(Trainer(folder, digits, device, team))
            return 0
        with folder.hold():
            try:
                _report(_run(Trainer(folder, digits, device, team)), folder)
            except (DataError, RunError, TeamError, TrainingError) as error:
                state = folder.read_state() or RunState("failed")
                folder.write_state(dataclasses.replace(state, status="failed", eta_s=0.0, problem=str(error)))
                raise
    return 0


def _run(trainer: Trainer) -> RunState:
    # Process 0 decides for all: whoever asked later would find what it has saved of the run that begins.
    if trainer.team.follow(trainer.folder.latest.exists()):
        trainer.restore()
    stopping = _stop_on_signal()
    if not trainer.team.leads:
        return trainer.run(lambda: bool(stopping), lambda _row: None)
    print(
        f"{trainer.folder.path}: {parameter_count(trainer.config.model):,} parameters, "
        f"{len(trainer.training.labels):,} training and {len(trainer.mixture.validation.labels):,} validation digits"
    )
    form = "{percentage:3.0f} %|{bar}| {elapsed} < {remaining}, {postfix}"
    with tqdm(total=1.0, initial=trainer.progress, bar_format=form, dynamic_ncols=True) as bar:

        def show(row: dict[str, Any]) -> None:
            best = "–" if trainer.best_error is None else f"{trainer.best_error:.2f} %"
            bar.set_postfix_str(f"reward {row['reward']:.3f}, best validation error {best}", refresh=False)
            bar.update(trainer.progress - bar.n)

        return trainer.run(lambda: bool(stopping), show)


def _report(state: RunState, folder: RunFolder) -> None:
    if state.status == "stopped":
        print(f"stopped; go on with: python -m ram.train --resume {folder.path}")
    else:
        print(f"best validation error {state.best_error:.2f} %: {folder.best}")


def _open_run(options: argparse.Namespace) -> RunFolder:
    """Makes a new run from the preset and the flags, or finds the one to resume."""
    given = {
        kind: {
            field.name: getattr(options, field.name)
            for field in dataclasses.fields(kind)
            if getattr(options, field.name) is not None
        }
        for kind in (RAMConfig, TrainConfig)
    }
    if options.resume:
        if any(given.values()) or options.start or options.drawings:
            raise RunError("--resume goes on as the run was started: leave out the configuration's flags")
        folder = RunFolder(options.resume)
        folder.read_config()
        return folder
    if "epochs" in given[TrainConfig]:
        # Whoever counts epochs does not want the preset's time budget.
        given[TrainConfig].setdefault("minutes", 0.0)
    preset, start = PRESETS[options.preset], options.start
    if start is None and preset.start:
        start = SHIPPED / f"{preset.start}.safetensors"
    config = RunConfig(
        preset=options.preset,
        model=dataclasses.replace(
            read_info(options.start).config if options.start else preset.model, **given[RAMConfig]
        ),
        training=dataclasses.replace(preset.training, **given[TrainConfig]),
        start=start.stem if start else "",
    )
    drawings = load_collection(options.drawings) if options.drawings else None
    folder = RunFolder(options.run or Path("runs") / f"{options.preset}-{time.strftime('%Y%m%d-%H%M%S')}")
    folder.create(config, start=start, drawings=drawings)
    return folder


def _stop_on_signal() -> list[int]:
    """A list that fills when somebody asks the run to stop; asking twice ends it at once."""
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return received


if __name__ == "__main__":
    sys.exit(main())
