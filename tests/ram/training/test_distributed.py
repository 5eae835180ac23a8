"""Several processes that train one run, started by torchrun as a user would."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest
import torch

from ram.data.mnist import load_mnist
from ram.train import main
from ram.training.distributed import ProcessGroup
from ram.training.loss import READINGS
from ram.training.run_folder import RunFolder
from ram.training.trainer import Trainer
from tests.processes import wait_until

# 500 digits in batches of 75 leave 50 for the last: no share is like another.
RECIPE = {
    "preset": "one-minute",
    "minutes": 0,
    "train-images": 500,
    "validation-images": 100,
    "batch-size": 75,
    "rollouts": 2,
    "precision": "float32",
    "rotation": 10,
    "translation": 1,
    "threads": 1,
    "device": "cpu",
}


def training(folder: Path, epochs: int) -> list[str]:
    flags = [word for name, value in RECIPE.items() for word in (f"--{name}", str(value))]
    return [*flags, "--epochs", str(epochs), "--run", str(folder)]


LAUNCHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
# A thread that has been joined may still be listed for a moment.
TRAIN_AND_LEAVE_NO_THREAD = """
import os, sys, time
from tqdm import tqdm
from ram.data.mnist import load_mnist
from ram.train import main
tqdm.monitor_interval = 0  # its thread is no thread of the group
status = main(sys.argv[1:])
deadline = time.monotonic() + 30
while len(os.listdir("/proc/self/task")) > 1:
    assert time.monotonic() < deadline, os.listdir("/proc/self/task")
    time.sleep(0.01)
sys.exit(status)
"""


def torchrun(folder: Path, epochs: int) -> list[str]:
    return [*LAUNCHER, "-m", "--", "ram.train", *training(folder, epochs)]


def run(command: list[str]) -> None:
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180)
    assert ran.returncode == 0, ran.stdout.decode()


def test_two_processes_train_the_same_as_one_and_nothing_of_them_runs_on(tmp_path: Path) -> None:
    (tmp_path / "member.py").write_text(TRAIN_AND_LEAVE_NO_THREAD, encoding="utf-8")
    assert main(training(tmp_path / "alone", 1)) == 0
    run([*LAUNCHER, "--", str(tmp_path / "member.py"), *training(tmp_path / "both", 1)])
    alone, both = (measured(RunFolder(tmp_path / name)) for name in ("alone", "both"))
    assert [row["step"] for row in both] == [row["step"] for row in alone] == [3, 7]
    # No further: a location on the edge between two pixels falls to either side with the last digit of a float, and
    # from there on two runs see different things.
    for name in READINGS:
        assert [row[name] for row in both] == pytest.approx([row[name] for row in alone], rel=2e-3, abs=1e-4), name
    errors = [[row["validation_error"] for row in rows] for rows in (both, alone)]
    assert errors[0] == pytest.approx(errors[1], abs=1.0)


def measured(folder: RunFolder) -> list[dict[str, float]]:
    """The measurements, with the means since the one before: when a run reports between them is up to the clock."""
    found: list[dict[str, float]] = []
    last, sums = 0, dict.fromkeys(READINGS, 0.0)
    for before, row in pairwise(folder.read_metrics()):  # the first row is the untrained model, without readings
        sums = {name: total + row[name] * (row["step"] - before["step"]) for name, total in sums.items()}
        if "validation_error" in row:
            means = {name: total / (row["step"] - last) for name, total in sums.items()}
            found.append({"step": row["step"], "validation_error": row["validation_error"], **means})
            last, sums = row["step"], dict.fromkeys(READINGS, 0.0)
    return found


def test_a_killed_process_ends_the_run_with_a_clear_error_and_it_can_be_resumed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with (tmp_path / "log").open("w", encoding="utf-8") as log, ended(torchrun(folder.path, 1000), log) as group:

        def trains() -> bool:
            assert group.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
            return len(folder.read_metrics()) >= 5

        wait_until(trains, seconds=90)
        os.kill(process_of(group.pid, rank=1), signal.SIGKILL)
        assert group.wait(timeout=120) != 0
    assert "another process of this run has ended: go on with --resume" in (tmp_path / "log").read_text(
        encoding="utf-8"
    )
    state = folder.read_state()
    assert state is not None
    assert state.status == "failed"
    trainer = Trainer(folder, load_mnist("train"), torch.device("cpu"))
    trainer.restore()
    step = trainer.progress.step
    assert trainer.run(lambda: trainer.progress.step > step, lambda _row: None).status == "stopped"
    assert trainer.progress.step > step > 0


@contextlib.contextmanager
def ended(command: list[str], output: IO[str] | int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test, whatever happens."""
    process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def process_of(parent: int, rank: int) -> int:
    """The process that torchrun gave a rank."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    for child in children:
        environment = dict(
            line.split("=", 1)
            for line in Path(f"/proc/{child}/environ").read_text(encoding="utf-8").split("\0")
            if "=" in line
        )
        if environment.get("RANK") == str(rank):
            return int(child)
    raise AssertionError(f"no process of rank {rank} among {children}")


@pytest.mark.parametrize("count", [0, 1, 2, 7, 128])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_shares_are_a_division_without_rest(count: int, size: int) -> None:
    shares = [ProcessGroup(rank, size).share(count) for rank in range(size)]
    assert [place for share in shares for place in range(count)[share]] == list(range(count))
    lengths = [share.stop - share.start for share in shares]
    assert max(lengths) - min(lengths) <= 1


def test_each_process_of_a_machine_has_its_own_gpu() -> None:
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    assert ProcessGroup(5, 8, local_rank=1).device(cuda) == torch.device("cuda:1")
    assert ProcessGroup(5, 8, local_rank=1).device(cpu) == cpu
    assert ProcessGroup().device(cuda) == cuda


def test_place_comes_from_torchruns_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ProcessGroup.from_environment() == ProcessGroup(0, 1, 0)
    for name, value in (("RANK", "3"), ("WORLD_SIZE", "4"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    assert ProcessGroup.from_environment() == ProcessGroup(3, 4, 1)
    assert not ProcessGroup.from_environment().leads
