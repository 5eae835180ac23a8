"""Kills trainings and servers at random moments: python -m tests.measure.kills --trainings 50 --servers 20

A training must go on after each kill and in the end be what it would have been, bit for bit. A server must lose nothing
that it has acknowledged, and the next one must find no half-made or half-deleted run and leave no remains.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import torch

from app.runs.jobs import Jobs
from app.server.limits import read_limits
from ram.config import RAMConfig, TrainConfig
from ram.train import main as train
from ram.training.run_folder import RunConfig, RunFolder
from tests.processes import wait_until
from tests.servers import ROOT, write_limits

MODEL = RAMConfig(num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
# 600 digits in batches of 32: 19 steps an epoch, and a save after every third.
TRAINING = TrainConfig.of(
    train_images=600, validation_images=100, batch_size=32, rollouts=1, epochs=40, precision="float32"
)

SERVER = """
import itertools, sys
from random import Random
from app.runs.jobs import Jobs
from app.server.limits import read_limits
from tests.measure.kills import MODEL, TRAINING
from ram.training.run_folder import RunConfig

jobs, random = Jobs(read_limits(), keep_s=0.0), Random(int(sys.argv[1]))
jobs.tick()
for number in itertools.count():
    known = [job.id for job in jobs.all()]
    if known and random.random() < 0.45:
        run = random.choice(known)
        print("deletes", run, flush=True)
        jobs.delete(run)
        print("deleted", run, flush=True)
    elif len(known) < 20:
        run = jobs.submit(RunConfig("mnist", MODEL, TRAINING), f"run {number}", start=None, drawings=None)
        jobs.stop(run)
        print("made", run, flush=True)
"""


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", type=int, default=50, help="kills of a training")
    parser.add_argument("--servers", type=int, default=20, help="kills of a server")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = kill_trainings(Path(folder), options.trainings, Random(options.seed))
        problems += kill_servers(Path(folder), options.servers, Random(options.seed))
    for problem in problems:
        print(problem)
    print(f"{options.trainings} trainings and {options.servers} servers killed, {len(problems)} problems")
    return bool(problems)


def kill_trainings(folder: Path, kills: int, random: Random) -> list[str]:
    """Kills trainings until there were so many kills, each again and again, up to its end."""
    whole = _new_run(folder / "whole")
    if _train(whole) != 0:
        return ["the whole run does not train"]
    expected, _ = whole.read_latest()
    problems, done, number = [], 0, 0
    while done < kills:
        run, number = _new_run(folder / f"run-{number}"), number + 1
        # The last few kills of a run come late, so that it gets somewhere.
        for _ in range(min(random.randrange(3, 9), kills - done)):
            _kill_once(run, random)
            done += 1
        if _train(run) != 0:
            problems.append(f"{run.path.name} does not go on")
            continue
        tensors, _ = run.read_latest()
        if not all(value.equal(expected[name]) for name, value in tensors.items()):
            problems.append(f"{run.path.name} ended otherwise")
        steps = [row["step"] for row in run.read_metrics()]
        if steps != sorted(set(steps)) or list(run.path.glob(".*")):
            problems.append(f"{run.path.name} has readings twice, or remains")
    return problems


def _new_run(path: Path) -> RunFolder:
    run = RunFolder(path)
    run.create(RunConfig("mnist", MODEL, TRAINING))
    return run


def _kill_once(run: RunFolder, random: Random) -> None:
    """Goes on with a run in a process, and kills it at some moment, mostly while it trains."""
    script = "import sys; from ram.train import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *_arguments(run)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if random.random() < 0.8:
        with contextlib.suppress(AssertionError):
            wait_until(lambda: run.is_running() or process.poll() is not None)
    time.sleep(random.random() ** 2 * 3)
    process.kill()
    process.wait()


def _arguments(run: RunFolder) -> list[str]:
    return ["--resume", str(run.path), "--threads", "1", "--device", "cpu"]


def _train(run: RunFolder) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return train(_arguments(run))


def kill_servers(folder: Path, kills: int, random: Random) -> list[str]:
    """Kills servers that make and delete runs."""
    limits = write_limits(folder, disk=1000, most_runs=100, longest_queue=100)
    os.environ["GLIMPSE_LIMITS"] = str(limits)
    problems: list[str] = []
    there: set[str] = set()
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(number)], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(random.random())
        process.kill()
        lines += process.communicate()[0].splitlines()
        maybe = ""
        for line in lines:
            what, _, run = line.strip().partition(" ")
            maybe = run if what == "deletes" else ""
            if what == "made":
                there.add(run)
            elif what == "deleted":
                there.discard(run)
        problems += [f"server {number}: {problem}" for problem in _look(there, maybe)]
    return problems


def _look(there: set[str], maybe: str) -> list[str]:
    """What the next server finds to be wrong; `maybe` was being deleted, and there may be one run more."""
    jobs = Jobs(read_limits(), keep_s=0.0)
    jobs.tick()
    found = {job.id: job for job in jobs.all()}
    problems = [f"{run} is lost" for run in there - set(found) - {maybe}]
    problems += [f"{job.id} is {job.status}" for job in found.values() if job.status not in ("stopped", "waiting")]
    for job in found.values():
        if job.status == "waiting":
            jobs.stop(job.id)
    if len(found) > len(there) + 1:
        problems.append(f"there are {len(found)} runs instead of {len(there)}")
    problems += [f"{path.name} is left" for path in jobs.folder.glob(".2*")]
    problems += [f"{path} is left" for path in jobs.folder.glob("*/.*")]
    there.clear()
    there.update(found)
    jobs.close()
    if jobs._supervisor.process is not None:
        jobs._supervisor.process.kill()
        jobs._supervisor.process.wait()
    return problems


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
