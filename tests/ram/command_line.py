"""The command line that trains, with a run of a few seconds, for tests."""

import os
import subprocess
import sys
from pathlib import Path

from ram.training.run_folder import RunFolder, RunState

ROOT = Path(__file__).parents[2]
PRESET = "five-minutes"
# 128 digits in batches of 32: four steps an epoch. Long enough for a signal to arrive before the end.
TINY = [
    *("--preset", PRESET, "--threads", "1", "--device", "cpu"),
    *("--train-images", "128", "--validation-images", "100", "--batch-size", "32", "--epochs", "60"),
    *("--rollouts", "1", "--num-glimpses", "2", "--hidden-size", "32", "--glimpse-hidden-size", "16"),
]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ram.train", *map(str, arguments)]


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end, in `folder`."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def state_of(folder: RunFolder) -> RunState:
    state = folder.read_state()
    assert state is not None
    return state


def assert_one_line(stderr: str, message: str) -> None:
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("ram.train: "), stderr
    assert message in stderr
