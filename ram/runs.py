"""A training run is a folder: written by the command line, read by whoever wants to watch.

config.json          what was asked for
state.json           status, progress, estimated seconds left, best result so far
metrics.jsonl        one line per reading, with its step
latest.safetensors   everything needed to go on as if nothing had happened
best.safetensors     the best checkpoint so far, loadable with `load_checkpoint`
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open
from torch import Tensor

from ram.checkpoints import write_atomically, write_tensors
from ram.config import RAMConfig, TrainConfig, parse_config

Status = Literal["running", "stopped", "finished"]  # a dead process may still be "running": ask its pid


class RunError(RuntimeError):
    """A run folder that cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What a run was asked to do."""

    preset: str
    model: RAMConfig
    training: TrainConfig


@dataclasses.dataclass(frozen=True)
class RunState:
    """How far a run is."""

    status: Status
    pid: int
    epoch: int
    step: int
    steps: int
    elapsed_s: float
    eta_s: float
    best_error: float | None
    """Lowest validation error so far, in percent."""


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.latest = self.path / "latest.safetensors"
        self.best = self.path / "best.safetensors"

    def create(self, config: RunConfig) -> None:
        """Makes the folder.

        Raises:
            RunError: there is a run in it already.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if (self.path / "config.json").exists():
            raise RunError(f"{self.path} already holds a run: go on with --resume, or choose another --run")
        self._write_json("config.json", dataclasses.asdict(config))

    def read_config(self) -> RunConfig:
        """What the run was asked to do.

        Raises:
            RunError: there is no run in the folder, or its config.json is damaged.
        """
        try:
            fields = json.loads((self.path / "config.json").read_text())
            return RunConfig(
                str(fields["preset"]),
                parse_config(RAMConfig, fields["model"]),
                parse_config(TrainConfig, fields["training"]),
            )
        except FileNotFoundError:
            raise RunError(f"{self.path} holds no run: there is no config.json in it") from None
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise RunError(f"{self.path / 'config.json'} is damaged: {error}") from error

    def write_state(self, state: RunState) -> None:
        """Replaces state.json."""
        self._write_json("state.json", dataclasses.asdict(state))

    def read_state(self) -> RunState | None:
        """How far the run is; None before its first report.

        Raises:
            RunError: state.json is damaged.
        """
        try:
            return RunState(**json.loads((self.path / "state.json").read_text()))
        except FileNotFoundError:
            return None
        except (TypeError, ValueError, RecursionError) as error:
            raise RunError(f"{self.path / 'state.json'} is damaged: {error}") from error

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Adds a line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def read_metrics(self) -> list[dict[str, Any]]:
        """All complete lines of metrics.jsonl; a line cut short by a crash is left out."""
        try:
            lines = (self.path / "metrics.jsonl").read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.endswith("}\n")]

    def forget_metrics_after(self, step: int) -> None:
        """Drops readings that a resumed run will take again."""
        rows = [json.dumps(row) + "\n" for row in self.read_metrics() if row["step"] <= step]
        write_atomically(self.path / "metrics.jsonl", "".join(rows).encode())

    def write_latest(self, tensors: dict[str, Tensor], progress: dict[str, Any]) -> None:
        """Replaces the state to resume from."""
        write_tensors(self.latest, tensors, {"progress": json.dumps(progress)})

    def read_latest(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The state to resume from.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            with safe_open(self.latest, framework="pt") as file:
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118, not a dict
                return tensors, json.loads(file.metadata()["progress"])
        except FileNotFoundError:
            raise RunError(f"{self.path} cannot be resumed: it stopped before its first save") from None
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self.latest} is damaged ({error}): start the run again") from error

    def _write_json(self, name: str, content: dict[str, Any]) -> None:
        write_atomically(self.path / name, (json.dumps(content, indent=1) + "\n").encode())


def process_is_alive(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
