"""A training run is a folder: the command line writes it, and the app reads it while it trains.

config.json            what was asked for
name.txt               the name that its user gave it, if any
start.safetensors      the checkpoint whose weights it began with, if any
drawings.safetensors   drawings of one's own to train on beside MNIST, if any
lock, process          held by the process that trains; its number
log.txt                the output of that process, if the app started it
state.json             status, progress, estimated seconds left, best result so far
metrics.jsonl          one line per reading, with its step
traces.jsonl           the scan paths of the same few digits in the course of the run
latest.safetensors     everything needed to go on as if nothing had happened
best.safetensors       the best checkpoint so far, loadable with `load_checkpoint`
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ram.checkpoints import check_fit, load_checkpoint, read_info
from ram.config import RAMConfig, TrainConfig, parse_config, parse_what_is_known
from ram.data.collection import Collection, CollectionError, load_collection, save_collection
from ram.files import is_there, open_file, parse_json, read_file, remove_remains, write_atomically, write_tensors

if sys.platform != "win32":
    import fcntl

# As written in state.json, where a killed process is still "running": `RunFolder.is_running` knows better.
Status = Literal["waiting", "running", "stopped", "finished", "failed"]
LOCK_PATIENCE_S = 2.0
# Bytes. Whatever is larger is damage, or more than anybody can look at.
LARGEST_TEXT = 1024**2
MOST_READ = 16 * 1024**2  # of metrics.jsonl, 18 hours; of a longer file every second line, or fewer
LONGEST_LINE = 4 * 1024**2
LARGEST_LINES = 1024**3
LAST_WORDS = 64 * 1024
LARGEST_COUNT = 2**53  # what a float can count


class RunError(RuntimeError):
    """A run folder that cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """The task of a run."""

    preset: str
    model: RAMConfig
    training: TrainConfig
    start: str = ""
    """Name of the checkpoint whose weights it begins with; empty from scratch."""
    unknown: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What another version of this project was asked for and this one does not know; empty if it knows all."""

    @property
    def obstacle(self) -> str:
        """Why it cannot be trained here, as a part of a sentence; empty if it can."""
        if not self.unknown:
            return ""
        options = ", ".join(f"{name}={value}" for name, value in self.unknown.items())
        return f"another version began it with {options}, which this one does not know"

    def flat(self) -> dict[str, Any]:
        """Every field of the architecture and of the training, by name."""
        return {**dataclasses.asdict(self.model), **self.training.flat()}


@dataclasses.dataclass(frozen=True)
class RunState:
    """The state of a run."""

    status: Status
    epoch: int = 0
    step: int = 0
    steps: int = 0
    elapsed_s: float = 0.0
    eta_s: float = 0.0
    best_error: float | None = None
    """Validation error in percent of best.safetensors."""
    problem: str = ""
    """The reason why it failed, in one sentence."""

    @property
    def progress(self) -> float:
        """The part of the training that is done, from 0 to 1."""
        return self.elapsed_s / (self.elapsed_s + self.eta_s) if self.elapsed_s else 0.0


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.start = self.path / "start.safetensors"
        self.drawings = self.path / "drawings.safetensors"
        self.latest = self.path / "latest.safetensors"
        self.best = self.path / "best.safetensors"
        self.log = self.path / "log.txt"

    def create(self, config: RunConfig, *, start: Path | None = None, drawings: Collection | None = None) -> None:
        """Makes the folder, with copies of everything it needs: later changes to `start` do not affect it.

        Raises:
            RunError: the folder holds a run already.
            CheckpointError: `start` is not usable.
            ConfigError: the weights of `start` do not fit the model.
        """
        if (self.path / "config.json").exists():
            raise RunError(f"{self.path} already holds a run: go on with --resume, or choose another --run")
        if start is not None:
            check_fit(config.model, read_info(start).config)
            load_checkpoint(start, "cpu")
        self.path.mkdir(parents=True, exist_ok=True)
        if start is not None:
            shutil.copyfile(start, self.start)
        if drawings is not None:
            save_collection(self.drawings, drawings)
        content = {
            "preset": config.preset,
            "model": dataclasses.asdict(config.model),
            "training": config.training.flat(),
            "start": config.start,
        }
        self._write_json("config.json", content)

    def read_config(self) -> RunConfig:
        """The task of the run; what only another version knows is `RunConfig.unknown`.

        Raises:
            RunError: the folder holds no run, or config.json is damaged.
        """
        if self.path.is_file():
            is_checkpoint = self.path.suffix == self.best.suffix
            raise RunError(
                f"{self.path} is {'a checkpoint' if is_checkpoint else 'a file'}, and not the folder of a run"
            )
        fields = self._read_json("config.json")
        if fields is None:
            raise RunError(f"{self.path} holds no run: there is no config.json in it")
        try:
            model = parse_config(RAMConfig, fields["model"])
            training, unknown = parse_what_is_known(TrainConfig, fields["training"])
            return RunConfig(str(fields["preset"]), model, training, str(fields.get("start", "")), unknown)
        except KeyError as error:
            raise RunError(f"{self.path / 'config.json'} is damaged: it says nothing about {error}") from error
        except (TypeError, ValueError, RecursionError) as error:
            raise RunError(f"{self.path / 'config.json'} is damaged: {error}") from error

    def read_drawings(self) -> Collection | None:
        """The drawings to train on beside MNIST; None if there are none.

        Raises:
            RunError: they are damaged.
        """
        try:
            return load_collection(self.drawings) if is_there(self.drawings) else None
        except CollectionError as error:
            raise RunError(f"{self.drawings} is damaged: {error}") from error

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Reserves the run for this process, until the process ends in whatever way.

        What earlier processes left half written is removed.

        Raises:
            RunError: another process trains it, or the lock is damaged.
        """
        self.is_running()  # only to see whether the lock is one
        try:
            # A process that calls `is_running` holds the lock for a moment, too: that is no reason to give up.
            held = FileLock(self.path / "lock").acquire(LOCK_PATIENCE_S, 0.02)
        except Timeout:
            raise RunError(f"{self.path} is being trained already, by process {self.holder()}") from None
        with held:
            remove_remains(self.path)
            write_atomically(self.path / "process", str(os.getpid()).encode())
            yield

    def is_running(self) -> bool:
        """Whether a process trains it now. The system releases the lock of a process that dies.

        Raises:
            RunError: the lock is something else than a file.
        """
        path = self.path / "lock"
        try:
            with open_file(path) as file:
                if sys.platform == "win32":
                    FileLock(path).acquire(blocking=False).lock.release()
                else:  # shared, so that many may ask at once
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except (BlockingIOError, Timeout):
            return True
        except OSError as error:
            raise RunError(f"{path} is damaged: {error.strerror}") from error
        return False

    def holder(self) -> int | None:
        """The number of the process that trains it; 0 until that process has written it; None if there is none.

        Raises:
            RunError: as for `is_running`.
        """
        if not self.is_running():
            return None
        try:
            text = read_file(self.path / "process", 10).strip()  # no process has a longer number
        except OSError:
            return 0
        return int(text) if text.isdigit() else 0

    def write_name(self, name: str) -> None:
        """Gives the run a name for its users; without one it is called by its folder."""
        write_atomically(self.path / "name.txt", name.encode())

    def last_words(self) -> str:
        """The error that the command line ended with; empty if it ended without one."""
        try:
            with open_file(self.log) as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_WORDS))
                lines = file.read(LAST_WORDS).decode(errors="replace").splitlines()
        except OSError:
            return ""
        said = [line.removeprefix("ram.train: ") for line in lines if line.startswith("ram.train: ")]
        return said[-1].replace(str(self.path), "the run") if said else ""

    def write_state(self, state: RunState) -> None:
        """Replaces state.json."""
        self._write_json("state.json", dataclasses.asdict(state))

    def read_state(self) -> RunState | None:
        """The state of the run; None before its first report.

        Raises:
            RunError: state.json is damaged.
        """
        fields = self._read_json("state.json")
        if fields is None:
            return None
        try:
            state = RunState(**fields)
        except TypeError as error:
            raise RunError(f"{self.path / 'state.json'} is damaged: {error}") from error
        counts = (state.epoch, state.step, state.steps)
        numbers = (*counts, state.elapsed_s, state.eta_s, 0 if state.best_error is None else state.best_error)
        right = (
            all(type(count) is int for count in counts)
            and all(type(number) in (int, float) and 0 <= number < LARGEST_COUNT for number in numbers)
            and isinstance(state.problem, str)
            and state.status in get_args(Status)
        )
        if not right:
            raise RunError(f"{self.path / 'state.json'} is damaged: its values are not those of a run")
        return state

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Adds a reading."""
        self._append("metrics.jsonl", row)

    def read_metrics(self) -> list[dict[str, Any]]:
        """All readings; lines cut short by a crash, or damaged, are left out."""
        return self._read_lines("metrics.jsonl")

    def append_scan_paths(self, row: dict[str, Any]) -> None:
        """Adds a look at the digits that are followed; the first row describes these digits."""
        self._append("traces.jsonl", row)

    def read_scan_paths(self) -> list[dict[str, Any]]:
        """All looks at the digits that are followed; lines cut short by a crash, or damaged, are left out."""
        return self._read_lines("traces.jsonl")

    def forget_after(self, step: int) -> None:
        """Removes the readings and looks that a resumed run will take again."""
        for name in ("metrics.jsonl", "traces.jsonl"):
            kept = [line for line in self._lines(name) if (row := _row(line)) is not None and _step(row) <= step]
            write_atomically(self.path / name, b"".join(line.rstrip(b"\n") + b"\n" for line in kept))

    def write_latest(self, tensors: dict[str, Tensor], progress: dict[str, Any]) -> None:
        """Replaces the state to resume from."""
        write_tensors(self.latest, tensors, {"progress": json.dumps(progress)})

    def read_latest(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The state to resume from.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            open_file(self.latest).close()  # `safe_open` would wait for ever at a pipe
            with safe_open(self.latest, framework="pt") as file:
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118, not a dict
                progress = parse_json(file.metadata()["progress"])
            if not isinstance(progress, dict):
                raise ValueError("it does not say how far the run was")
            return tensors, progress
        except FileNotFoundError:
            raise RunError(f"{self.path} cannot be resumed: it stopped before its first save") from None
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self.latest} is damaged ({error}): start the run again") from error

    def _write_json(self, name: str, content: dict[str, Any]) -> None:
        write_atomically(self.path / name, (json.dumps(content, indent=1) + "\n").encode())

    def _read_json(self, name: str) -> dict[str, Any] | None:
        """The content of a file; None if there is no such file."""
        path = self.path / name
        try:
            content = parse_json(read_file(path, LARGEST_TEXT))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunError(f"{path} is damaged: {error.strerror}") from error
        except ValueError as error:
            raise RunError(f"{path} is damaged: {error}") from error
        if not isinstance(content, dict):
            raise RunError(f"{path} is damaged: there are no named values in it")
        return content

    def _append(self, name: str, row: dict[str, Any]) -> None:
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _read_lines(self, name: str) -> list[dict[str, Any]]:
        """The rows of a file; of a long one, every n-th."""
        try:
            stride = 1 + (self.path / name).stat().st_size // MOST_READ
        except OSError:
            return []
        rows = (_row(line) for number, line in enumerate(self._lines(name)) if number % stride == 0)
        return [row for row in rows if row is not None]

    def _lines(self, name: str) -> Iterator[bytes]:
        with contextlib.suppress(OSError), open_file(self.path / name) as file:
            if os.fstat(file.fileno()).st_size <= LARGEST_LINES:
                yield from iter(lambda: file.readline(LONGEST_LINE), b"")


def _row(line: bytes) -> dict[str, Any] | None:
    """The values that a line of a file names; None if it is damaged."""
    try:
        row = parse_json(line.decode(errors="replace"))
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _step(row: dict[str, Any]) -> int | float:
    """The step of a reading; 0 for the row that describes the digits, infinite if it is damaged."""
    step = row.get("step", 0)
    return step if type(step) is int else math.inf
