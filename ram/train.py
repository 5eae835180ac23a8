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
from typing import Any

import torch
from tqdm import tqdm

from ram.checkpoints import parameter_count, read_info
from ram.config import RAMConfig, TrainConfig, concerns, config_fields
from ram.data.collection import load_collection
from ram.data.mnist import MNIST_FOLDER, DataError, load_mnist
from ram.files import is_there
from ram.machine import choose_device, is_out_of_memory, keep_freed_memory, write_utf8
from ram.options import Choices, ConfigError, Numbers, Switch, Values, WholeNumbers
from ram.presets import PRESETS
from ram.training.distributed import GroupError, ProcessGroup
from ram.training.learner import TrainingError
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState
from ram.training.trainer import Trainer

OUT_OF_MEMORY = (
    "memory ran out: take a smaller batch_size or image_size, or fewer rollouts, num_glimpses or validation_images"
)


def build_parser() -> argparse.ArgumentParser:
    """One flag for every field of the configuration, with the field's own explanation."""
    parser = argparse.ArgumentParser(
        prog="python -m ram.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mnist", help="the configuration to start from")
    parser.add_argument("--list", action="store_true", help="list the presets and exit")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--run", type=Path, help="folder of the new run (default: runs/<preset>-<time>)")
    place.add_argument("--resume", type=Path, help="go on with the run in this folder")
    parser.add_argument("--start", type=Path, help="checkpoint to begin with, instead of random weights")
    parser.add_argument("--drawings", type=Path, help="file of drawings to train on beside MNIST")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--data", type=Path, default=MNIST_FOLDER, help="folder of the four MNIST files")
    for title, kind in {"architecture": RAMConfig, **concerns()}.items():
        group = parser.add_argument_group(f"{title} (default: the preset's)")
        for field in config_fields(kind):
            flag = f"--{field.name.replace('_', '-')}"
            group.add_argument(flag, help=field.metadata["help"], **_how_to_parse(field.metadata["values"]))
    return parser


def _how_to_parse(values: Values) -> dict[str, Any]:
    """The arguments of argparse for a flag with these values; their range is checked with the whole configuration."""
    match values:
        case Switch():
            return {"action": argparse.BooleanOptionalAction}
        case Choices(options):
            return {"choices": options}
        case WholeNumbers():
            return {"type": int, "metavar": "INT"}
        case Numbers():
            return {"type": float, "metavar": "FLOAT"}


def command_line(config: RunConfig) -> str:
    """The command that repeats a run."""
    name = config.preset if config.preset in PRESETS else "mnist"
    preset = PRESETS[name]
    words = [f"python -m ram.train --preset {name}"]
    if config.start:
        words.append(f"--start {shlex.quote(f'{config.start}.safetensors')}")
    usual = RunConfig(name, preset.model, preset.training).flat()
    for field, value in config.flat().items():
        flag = field.replace("_", "-")
        # With a time budget the epochs count for nothing.
        if value == usual[field] or (field == "epochs" and config.training.schedule.minutes):
            continue
        words.append(f"--{'' if value else 'no-'}{flag}" if isinstance(value, bool) else f"--{flag} {value}")
    return " ".join(words)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    write_utf8()
    options = build_parser().parse_args(arguments)
    if options.list:
        for name, preset in PRESETS.items():
            print(f"{name:14} {preset.description}")
        return 0
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    keep_freed_memory()
    try:
        return _train(options)
    except (DataError, RunError, GroupError, TrainingError, ValueError) as error:
        print(f"ram.train: {error}", file=sys.stderr)
    except OSError as error:
        print(f"ram.train: cannot write the run: {error}; what was saved before is intact", file=sys.stderr)
    return 1


def _train(options: argparse.Namespace) -> int:
    if options.threads is not None:
        if options.threads < 1:
            raise ConfigError(f"threads={options.threads} is not possible: it must be at least 1")
        torch.set_num_threads(options.threads)
    with ProcessGroup.from_environment() as group:
        device, digits = group.device(choose_device(options.device)), load_mnist("train", options.data)
        # The folder comes last: a wrong device or data folder must not leave an empty run.
        folder = RunFolder(group.follow(_open_run(options).path if group.leads else Path()))
        stopping = _stop_on_signal()  # before the folder is held: whoever holds it may be asked to stop
        if not group.leads:
            _run(Trainer(folder, digits, device, group), stopping)
            return 0
        with folder.hold():
            try:
                _report(_run(Trainer(folder, digits, device, group), stopping), folder)
            except (DataError, MemoryError, RuntimeError) as error:
                if is_out_of_memory(error):
                    error = TrainingError(OUT_OF_MEMORY)
                elif not isinstance(error, DataError | RunError | GroupError | TrainingError):
                    raise
                state = _last_state(folder)
                folder.write_state(dataclasses.replace(state, status="failed", eta_s=0.0, problem=str(error)))
                raise error from None
    return 0


def _run(trainer: Trainer, stopping: list[int]) -> RunState:
    # Process 0 decides for all: a process that looked later would find the first save of a run that just begins.
    if trainer.group.follow(is_there(trainer.folder.latest)):
        trainer.restore()
    if not trainer.group.leads:
        return trainer.run(lambda: bool(stopping), lambda _row: None)
    counts = [len(digits.labels) for digits in (trainer.learner.digits, trainer.measuring.validation)]
    print(
        f"{trainer.folder.path}: {parameter_count(trainer.config.model):,} parameters, "
        f"{counts[0]:,} training and {counts[1]:,} validation digits"
    )
    form = "{percentage:3.0f} %|{bar}| {elapsed} < {remaining}, {postfix}"
    with tqdm(total=1.0, initial=trainer.progress.share, bar_format=form, dynamic_ncols=True) as bar:

        def show(row: dict[str, Any]) -> None:
            error = trainer.measuring.best_error
            best = "–" if error is None else f"{error:.2f} %"
            bar.set_postfix_str(f"reward {row['reward']:.3f}, best validation error {best}", refresh=False)
            bar.update(trainer.progress.share - bar.n)

        return trainer.run(lambda: bool(stopping), show)


def _last_state(folder: RunFolder) -> RunState:
    try:
        return folder.read_state() or RunState("failed")
    except RunError:
        return RunState("failed")


def _report(state: RunState, folder: RunFolder) -> None:
    if state.status == "stopped":
        print(f"stopped; go on with: python -m ram.train --resume {shlex.quote(str(folder.path))}")
    else:
        error = "not measured" if state.best_error is None else f"{state.best_error:.2f} %"
        print(f"best validation error {error}: {folder.best}")


def _open_run(options: argparse.Namespace) -> RunFolder:
    """Makes a new run from the preset and the flags, or opens the one to resume."""
    given = {
        kind: {
            field.name: getattr(options, field.name)
            for field in config_fields(kind)
            if getattr(options, field.name) is not None
        }
        for kind in (RAMConfig, TrainConfig)
    }
    if options.resume:
        if any(given.values()) or options.start or options.drawings:
            raise RunError("--resume goes on as the run was started: leave out the configuration's flags")
        folder = RunFolder(options.resume)
        if obstacle := folder.read_config().obstacle:
            raise RunError(f"{folder.path} cannot be resumed: {obstacle}")
        return folder
    if "epochs" in given[TrainConfig]:
        # Epochs replace the preset's time budget.
        given[TrainConfig].setdefault("minutes", 0.0)
    preset, start = PRESETS[options.preset], options.start
    if preset.needs_drawings and not options.drawings:
        raise RunError(f"--preset {options.preset} trains on drawings of yours: name their file with --drawings")
    if options.run and options.run.is_file():
        raise RunError(f"--run {options.run} is a file: name the folder of the new run")
    config = RunConfig(
        preset=options.preset,
        model=dataclasses.replace(read_info(start).config if start else preset.model, **given[RAMConfig]),
        training=preset.training.replace(**given[TrainConfig]),
        start=start.stem if start else "",
    )
    drawings = load_collection(options.drawings) if options.drawings else None
    folder = RunFolder(options.run or Path("runs") / f"{options.preset}-{time.strftime('%Y%m%d-%H%M%S')}")
    folder.create(config, start=start, drawings=drawings)
    return folder


def _stop_on_signal() -> list[int]:
    """A list that fills when the run is asked to stop; asking twice ends the process at once."""
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return received


if __name__ == "__main__":
    sys.exit(main())
