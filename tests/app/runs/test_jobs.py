"""Runs as separate processes: real ones, with all that can happen to them."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.runs.jobs import JobError, Jobs
from app.server import catalogue
from app.server.limits import Limits
from ram.checkpoints import load_checkpoint
from ram.training.run_folder import RunFolder
from tests.app.conftest import end
from tests.app.runs.short_jobs import LONG, MNIST, MODEL, ROOT, known, status, submit, trains, wait
from tests.processes import wait_until


def test_run_waits_trains_and_finishes_with_a_model_that_can_be_chosen(jobs: Jobs) -> None:
    run = submit(jobs, name="First  try")
    assert known(jobs, run).status == "waiting"
    assert known(jobs, run).name == "First try"
    job = wait(jobs, run, status("finished", "failed"))
    assert (job.status, job.problem, job.state.step) == ("finished", "", 12)
    assert run in catalogue.model_names()
    assert catalogue.model_labels()[run] == "First try"
    assert load_checkpoint(catalogue.checkpoint_path(run), "cpu").config == MODEL


def test_run_is_a_process_of_low_priority_with_one_thread(jobs: Jobs) -> None:
    run = submit(jobs, LONG)
    wait(jobs, run, trains)
    holder = jobs.run_folder(run).holder()
    assert holder
    assert os.getpriority(os.PRIO_PROCESS, holder) == 10
    command = Path(f"/proc/{holder}/cmdline").read_text(encoding="utf-8").split("\0")
    assert command[1:4] == ["-m", "ram.train", "--resume"]
    assert "--threads\0001\0" in Path(f"/proc/{holder}/cmdline").read_text(encoding="utf-8")
    # Where memory runs out, it ends before the server.
    assert Path(f"/proc/{holder}/oom_score_adj").read_text(encoding="utf-8") == "500\n"


def test_one_run_trains_at_a_time_and_the_others_wait_in_order(jobs: Jobs) -> None:
    first, second, third = (submit(jobs, LONG, name) for name in ("a", "b", "c"))
    wait(jobs, first, trains)
    assert [job.id for job in jobs.queue()] == [second, third]
    jobs.stop(second)
    assert known(jobs, second).status == "stopped"
    jobs.resume(second)
    assert [job.id for job in jobs.queue()] == [third, second]
    jobs.stop(first)
    wait(jobs, third, trains)
    assert known(jobs, first).status == "stopped"
    assert known(jobs, second).status == "waiting"


def test_stopped_run_keeps_its_best_goes_on_and_is_deleted_only_when_it_has_stopped_again(jobs: Jobs) -> None:
    run = submit(jobs, LONG)
    wait(jobs, run, trains)
    jobs.stop(run)
    stopped = wait(jobs, run, status("stopped"))
    load_checkpoint(jobs.run_folder(run).best, "cpu")
    jobs.resume(run)
    assert known(jobs, run).status == "waiting"
    wait(jobs, run, lambda job: job.status == "running" and job.state.step > stopped.state.step)
    with pytest.raises(JobError, match="stop it first"):
        jobs.delete(run)
    jobs.stop(run)
    wait(jobs, run, status("stopped"))
    jobs.delete(run)
    assert jobs.all() == []
    assert not (jobs.folder / run).exists()


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(lambda _run: True, id="while PyTorch is imported"),
        pytest.param(RunFolder.is_running, id="as soon as it holds its folder"),
    ],
)
def test_run_that_is_only_starting_can_be_stopped(jobs: Jobs, moment: Callable[[RunFolder], bool]) -> None:
    run = submit(jobs, LONG)
    jobs.tick()
    wait_until(lambda: moment(jobs.run_folder(run)))
    jobs.stop(run)
    assert wait(jobs, run, status("stopped")).problem == ""
    assert not jobs.run_folder(run).is_running()


def test_killed_run_says_so_loses_nothing_saved_and_resumes(jobs: Jobs) -> None:
    run = submit(jobs, LONG)
    wait(jobs, run, trains)
    holder = jobs.run_folder(run).holder()
    assert holder
    os.kill(holder, signal.SIGKILL)
    job = wait(jobs, run, status("interrupted"))
    assert job.problem == "Its process ended before its time. What was saved before is intact."
    assert job.can_resume
    load_checkpoint(jobs.run_folder(run).best, "cpu")
    _, saved = jobs.run_folder(run).read_latest()
    jobs.resume(run)
    wait(jobs, run, lambda job: job.status == "running" and job.state.step > saved["step"])
    steps = [row["step"] for row in jobs.run_folder(run).read_metrics()]
    assert steps == sorted(set(steps))


def test_run_that_the_system_ended_for_want_of_memory_says_so_and_resumes(jobs: Jobs, tmp_path: Path) -> None:
    kills = jobs._supervisor.kills = tmp_path / "vmstat"
    kills.write_text("pgfault 7\noom_kill 2\noom_kill_other 9\n", encoding="utf-8")
    run = submit(jobs, LONG)
    wait(jobs, run, trains)
    kills.write_text("pgfault 8\noom_kill 3\noom_kill_other 9\n", encoding="utf-8")
    os.kill(jobs.run_folder(run).holder() or 0, signal.SIGKILL)
    job = wait(jobs, run, status("failed"))
    assert job.problem == "Memory ran out, and the system ended it."
    jobs.resume(run)
    assert known(jobs, run).problem == ""
    wait(jobs, run, trains)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(lambda _run: True, id="while PyTorch is imported"),
        pytest.param(RunFolder.is_running, id="while it begins"),
    ],
)
def test_run_killed_before_it_trains_resumes(jobs: Jobs, moment: Callable[[RunFolder], bool]) -> None:
    run = submit(jobs, LONG)
    jobs.tick()
    process = jobs._supervisor.process
    assert process is not None
    wait_until(lambda: moment(jobs.run_folder(run)))
    process.kill()
    job = wait(jobs, run, status("interrupted", "failed"))
    assert job.can_resume
    jobs.resume(run)
    wait(jobs, run, trains)


SERVER = """
import time
from app.runs.jobs import Jobs
from app.server.limits import read_limits
jobs = Jobs(read_limits())
print("ready", flush=True)
while True:
    jobs.tick()
    time.sleep(0.1)
"""


def test_run_outlives_its_server_and_the_next_server_finds_it(jobs: Jobs) -> None:
    first, second = submit(jobs, LONG, "a"), submit(jobs, LONG, "b")
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    wait_until(lambda: trains(known(jobs, first)))
    jobs.tick()  # beside the server that has the say, another one only watches
    assert jobs._supervisor.process is None
    server.kill()
    server.communicate()
    step = known(jobs, first).state.step
    job = wait(jobs, first, lambda job: job.status == "running" and job.state.step > step)
    assert jobs._supervisor.process is None
    assert known(jobs, second).status == "waiting"
    jobs.stop(job.id)
    wait(jobs, second, trains)
    assert known(jobs, first).status == "stopped"


FULL_DISK = """
import dataclasses, subprocess, sys
from pathlib import Path
from app.runs.jobs import JobError, Jobs
from app.server.limits import read_limits
from ram.checkpoints import load_checkpoint
from ram.config import RAMConfig, TrainConfig
from ram.training.run_folder import RunConfig
from tests.processes import wait_until
from tests.servers import write_limits

disk = Path(sys.argv[1])
limits = dataclasses.replace(read_limits(), runs=disk / "runs")
jobs = Jobs(limits)
training = TrainConfig.of(train_images=128, validation_images=100, batch_size=32, rollouts=1, epochs=1)
run = jobs.submit(RunConfig("mnist", RAMConfig(), training), "run", start=None, drawings=None)

def until(*wanted):
    jobs.tick()
    job = jobs.get(run)
    return job if job.status in wanted else None

def resize(size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)

ended = wait_until(lambda: until("interrupted", "failed", "finished"))
assert ended.status in ("interrupted", "failed"), ended
assert "No space left on device" in ended.problem, ended
assert ended.has_checkpoint
load_checkpoint(jobs.run_folder(run).best, "cpu")
try:
    jobs.add_checkpoint(Path(sys.argv[2]).read_bytes(), "upload")
except JobError as error:
    assert "No space left on device" in str(error)
else:
    raise AssertionError("an upload found room")
assert [job.id for job in jobs.all()] == [run]
resize("64m")
jobs.resume(run)
assert wait_until(lambda: until("finished", "failed", "interrupted")).status == "finished"
print("survived", flush=True)
"""


def test_full_disk_ends_a_run_in_words_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # Room for the first checkpoint, but not for the state to resume from beside it.
    script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" -c "$3" "$1" "$4"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", disk, sys.executable, FULL_DISK, MNIST],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.stdout == "survived\n", done.stderr


def test_overlong_run_is_stopped(limits: Limits) -> None:
    jobs = Jobs(dataclasses.replace(limits, longest_run=1 / 60))
    run = submit(jobs, LONG)
    job = wait(jobs, run, status("stopped", "failed"))
    assert job.status == "stopped"
    assert job.state.elapsed_s > 1
    assert job.state.step < job.state.steps
    end(jobs)
