"""Runs as separate processes: real ones, with all that can happen to them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from app.runs.jobs import JobError, Jobs
from app.runs.run_list import Job
from app.server import catalogue
from app.server.limits import Limits
from app.server.models import model_info
from ram.checkpoints import SHIPPED, load_checkpoint
from ram.config import RAMConfig, TrainConfig
from ram.data.collection import Collection
from ram.data.mnist import Digits
from ram.train import main
from ram.training.run_folder import RunConfig, RunFolder, RunState
from tests.app.conftest import end
from tests.processes import wait_until
from tests.servers import write_limits

ROOT = Path(__file__).parents[3]
MODEL = RAMConfig(num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
# 128 digits in batches of 32: four steps an epoch.
SHORT = TrainConfig.of(train_images=128, validation_images=100, batch_size=32, rollouts=1, epochs=3)
LONG = SHORT.replace(train_images=4000, epochs=1_000)
MNIST = SHIPPED / "mnist.safetensors"


def submit(jobs: Jobs, training: TrainConfig = SHORT, name: str = "run", model: RAMConfig = MODEL) -> str:
    return jobs.submit(RunConfig("mnist", model, training), name, start=None, drawings=None)


def known(jobs: Jobs, job_id: str) -> Job:
    job = jobs.get(job_id)
    assert job is not None
    return job


def wait(jobs: Jobs, job_id: str, condition: Callable[[Job], bool]) -> Job:
    """Ticks as the server's thread does until the run is as wanted."""

    def seen() -> Job | None:
        jobs.tick()
        job = known(jobs, job_id)
        return job if condition(job) else None

    job = wait_until(seen)
    assert job is not None
    return job


def status(*wanted: str) -> Callable[[Job], bool]:
    return lambda job: job.status in wanted


def train_here(jobs: Jobs, job_id: str) -> None:
    """Trains a run as its process would, without starting one."""
    assert main(["--resume", str(jobs.run_folder(job_id).path), "--threads", "1"]) == 0


def trains(job: Job) -> bool:
    return job.status == "running" and job.state.step > 0 and job.has_checkpoint


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


@pytest.mark.parametrize("name", ["config.json", "state.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"status": "running", "model": 3}'])
def test_damaged_run_is_shown_as_damaged_and_can_be_deleted(jobs: Jobs, name: str, content: bytes) -> None:
    run, other = submit(jobs), submit(jobs)
    (jobs.folder / run / name).write_bytes(content)
    job = known(jobs, run)
    assert job.status == "damaged"
    assert name in job.problem
    assert [job.id for job in jobs.queue()] == [other]
    jobs.delete(run)
    assert [job.id for job in jobs.all()] == [other]
    assert [path.name for path in jobs.folder.iterdir() if path.is_dir()] == [other]


def test_run_is_deleted_whole_while_another_thread_writes_into_it(jobs: Jobs) -> None:
    for _ in range(20):
        run = submit(jobs)
        jobs.stop(run)
        folder, written = jobs.run_folder(run), threading.Event()

        def write(folder: RunFolder = folder, written: threading.Event = written) -> None:
            with contextlib.suppress(FileNotFoundError):
                while True:
                    folder.write_state(RunState("stopped"))
                    written.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert written.wait(5)
        jobs.delete(run)
        thread.join(5)
        assert not thread.is_alive()
        assert [path for path in jobs.folder.iterdir() if path.is_dir()] == []


def test_run_with_a_damaged_save_says_so_and_does_not_stop_the_queue(jobs: Jobs) -> None:
    run, other = submit(jobs, LONG), submit(jobs)
    jobs.stop(run)
    jobs.run_folder(run).latest.write_bytes(b"half a fi")
    jobs.resume(run)
    job = wait(jobs, run, status("failed", "interrupted"))
    assert "latest.safetensors is damaged" in job.problem
    assert wait(jobs, other, status("finished", "failed")).status == "finished"


def test_run_folder_with_odd_things_in_it_is_listed(jobs: Jobs) -> None:
    run = submit(jobs)
    train_here(jobs, run)
    folder = jobs.folder / run
    (folder / "metrics.jsonl").write_bytes(b"\xff{}}\n[1]\n")
    (folder / "name.txt").write_bytes(b"\xff\xfe\n")
    (folder / "log.txt").mkdir()
    (jobs.folder / "empty").mkdir()
    (jobs.folder / "a file").touch()
    assert {job.id: job.status for job in jobs.all()} == {run: "finished", "empty": "damaged"}


def test_names_are_told_apart(jobs: Jobs) -> None:
    runs = [submit(jobs, name="mine") for _ in range(3)]
    assert [known(jobs, run).name for run in runs] == ["mine", "mine 2", "mine 3"]
    jobs.rename(runs[2], "  another\tname ")
    assert known(jobs, runs[2]).name == "another name"
    jobs.rename(runs[2], "")
    assert known(jobs, runs[2]).name == runs[2]
    shutil.copytree(jobs.folder / runs[0], jobs.folder / "by-hand")
    names = [job.name for job in jobs.all()]
    assert len(set(names)) == len(names) == 4


def test_limits_are_kept_in_words(jobs: Jobs) -> None:
    with pytest.raises(
        JobError, match=r"about 4,\d\d\d MB of memory; this server gives it at most 2,000 MB: choose a smal"
    ):
        submit(jobs, SHORT.replace(validation_images=40_000, image_size=100))
    with pytest.raises(JobError, match=r"would have [\d,]+ parameters; this server trains at most 500,000"):
        submit(jobs, model=RAMConfig(hidden_size=1000))
    with pytest.raises(JobError, match="40 minutes are too long; this server trains at most 30 minutes"):
        submit(jobs, SHORT.replace(minutes=40.0))
    for _ in range(3):
        submit(jobs, LONG)
    with pytest.raises(JobError, match="3 runs are waiting already"):
        submit(jobs)
    for job in jobs.queue():
        jobs.stop(job.id)
    for _ in range(3):
        jobs.stop(submit(jobs))
    with pytest.raises(JobError, match="keeps at most 6 runs: delete one"):
        submit(jobs)
    (jobs.folder / jobs.all()[0].id / "large").write_bytes(bytes(101 * 1024**2))
    jobs.delete(jobs.all()[1].id)
    with pytest.raises(JobError, match=r"The runs take 101 MB of this server's 100 MB: delete one"):
        submit(jobs)
    assert len(jobs.all()) == 5


def test_overlong_run_is_stopped(limits: Limits) -> None:
    jobs = Jobs(dataclasses.replace(limits, longest_run=1 / 60))
    run = submit(jobs, LONG)
    job = wait(jobs, run, status("stopped", "failed"))
    assert job.status == "stopped"
    assert 1 < job.state.elapsed_s < 20
    end(jobs)


def test_run_begins_with_a_checkpoint_and_drawings(jobs: Jobs) -> None:
    images = torch.zeros(8, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 13:15] = 255
    drawings = Collection(Digits(images, torch.ones(8, dtype=torch.long)), tuple("0l23456789"))
    config = RunConfig("my-drawings", RAMConfig(), SHORT, "mnist")
    run = jobs.submit(config, "mine", start=MNIST, drawings=drawings)
    job = wait(jobs, run, status("finished", "failed"))
    assert job.status == "finished", job
    readings = [row["drawings_error"] for row in jobs.run_folder(run).read_metrics() if "drawings_error" in row]
    assert len(readings) >= 2
    assert model_info(run).class_names()[1] == "l"


def test_start_that_does_not_fit_is_refused_and_leaves_nothing(jobs: Jobs) -> None:
    with pytest.raises(ValueError, match="hidden_size=32 is not possible: the checkpoint to start from has"):
        jobs.submit(RunConfig("mnist", MODEL, SHORT, "mnist"), "run", start=MNIST, drawings=None)
    assert list(jobs.folder.iterdir()) == []


def test_request_that_comes_too_late_changes_nothing(jobs: Jobs) -> None:
    run = submit(jobs)
    train_here(jobs, run)
    jobs.stop(run)
    assert known(jobs, run).status == "finished"
    with pytest.raises(JobError, match="This run cannot go on any more"):
        jobs.resume(run)
    jobs.delete(run)
    jobs.stop(run)
    for request in (jobs.resume, jobs.delete, lambda job_id: jobs.rename(job_id, "x")):
        with pytest.raises(JobError):
            request(run)
    assert jobs.all() == []


@pytest.mark.parametrize("how", ["folder", "loop", "pipe"])
def test_run_with_a_damaged_lock_is_damaged_and_the_others_go_on(jobs: Jobs, how: str) -> None:
    run, other = submit(jobs), submit(jobs)
    lock = jobs.folder / run / "lock"
    lock.unlink()
    {"folder": lock.mkdir, "loop": lambda: lock.symlink_to("lock"), "pipe": lambda: os.mkfifo(lock)}[how]()
    assert known(jobs, run).status == "damaged"
    assert "lock is damaged" in known(jobs, run).problem
    assert [job.id for job in jobs.queue()] == [other]
    with pytest.raises(JobError, match="This run cannot go on any more"):
        jobs.resume(run)
    with pytest.raises(JobError, match=rf"^{run}/lock is damaged: "):
        jobs.stop(run)
    jobs.delete(run)
    assert [job.id for job in jobs.all()] == [other]


def test_folder_whose_name_is_not_utf8_is_none_of_a_run(jobs: Jobs) -> None:
    run = submit(jobs, name="größe 𝔸")
    shutil.copytree(jobs.folder / run, jobs.folder / os.fsdecode(b"\xff\xfe"))
    shutil.copytree(jobs.folder / run, jobs.folder / "two\nlines")
    assert [(job.id, job.name) for job in jobs.all()] == [(run, "größe 𝔸")]


def test_odd_name_is_shown_as_far_as_it_can_be(jobs: Jobs) -> None:
    run = submit(jobs)
    (jobs.folder / run / "name.txt").write_bytes(b"a\x00b\xff \xe2\x80\xaec")
    assert known(jobs, run).name == "a\ufffdb\ufffd \ufffdc"
    (jobs.folder / run / "name.txt").write_bytes(b"x" * 10**6)
    assert known(jobs, run).name == "x" * 40


def test_next_server_removes_what_a_killed_one_left(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    run = submit(jobs)
    jobs.stop(run)
    (jobs.folder / ".20260101-120000-0a1b").mkdir()  # a run that was being deleted
    (jobs.folder / ".20260101-120000-0a1b" / "best.safetensors").touch()
    (jobs.folder / run / ".state.json.abcd_123").touch()  # a file half written
    living = RunFolder(jobs.folder / ".20260101-120000-ffff")  # an upload that another server receives
    living.path.mkdir()
    (jobs.folder / ".mine").mkdir()
    with living.hold():
        jobs.tick()
    assert sorted(path.name for path in jobs.folder.iterdir() if path.is_dir()) == [
        ".20260101-120000-ffff",
        ".mine",
        run,
    ]
    assert list((jobs.folder / run).glob(".*")) == []
    assert "Removed 2 things" in caplog.text


def test_run_that_is_being_made_is_not_seen_before_it_is_whole(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    write = RunFolder.write_state

    def look_first(self: RunFolder, state: RunState) -> None:
        seen.append([job.id for job in jobs.all()])
        write(self, state)

    monkeypatch.setattr(RunFolder, "write_state", look_first)
    run = submit(jobs)
    assert seen == [[]]
    assert [job.id for job in jobs.all()] == [run]


@pytest.mark.parametrize("how", ["folder", "loop"])
def test_queue_goes_on_where_something_stands_in_its_locks_place(jobs: Jobs, how: str) -> None:
    lock = jobs.folder / ".supervisor"
    lock.mkdir() if how == "folder" else lock.symlink_to(lock)
    jobs.tick()
    assert lock.is_file()


def test_run_whose_log_is_a_pipe_is_trained(jobs: Jobs) -> None:
    run = submit(jobs)
    os.mkfifo(jobs.folder / run / "log.txt")
    assert wait(jobs, run, status("finished", "failed")).status == "finished"


def test_recorded_runs_can_be_read_and_nothing_else(jobs: Jobs) -> None:
    recorded = jobs.recorded()
    assert recorded
    assert jobs.all() == []
    for job in recorded:
        assert (job.status, job.can_resume, jobs.get(job.id)) == ("recorded", False, job)
        before = sorted(jobs.run_folder(job.id).path.iterdir())
        for request in (jobs.stop, jobs.resume, jobs.delete, lambda run: jobs.rename(run, "mine")):
            with pytest.raises(JobError, match=r"^Recorded runs come with the project and stay as they are"):
                request(job.id)
        assert sorted(jobs.run_folder(job.id).path.iterdir()) == before
    with_model = [job.id for job in recorded if job.has_checkpoint]
    assert [name for name in catalogue.model_names() if name.startswith("recorded/")] == with_model
    for name in with_model:
        assert model_info(name).config == known(jobs, name).config.model  # type: ignore[union-attr]


def test_run_of_a_visitor_is_never_called_like_a_recorded_one(jobs: Jobs) -> None:
    run = submit(jobs, name=jobs.recorded()[0].name)
    assert known(jobs, run).name == f"{jobs.recorded()[0].name} 2"


@pytest.mark.parametrize("damage", ["gone", "emptied", "garbled"])
def test_damaged_recorded_run_is_shown_as_such(
    damage: str, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "server"
    shutil.copytree(SHIPPED / "recorded", server / "recorded")
    monkeypatch.setenv("GLIMPSE_LIMITS", str(write_limits(server, checkpoints=str(server))))
    config = server / "recorded" / "one-minute" / "config.json"
    if damage == "gone":
        config.unlink()
    else:
        config.write_text("" if damage == "emptied" else '{"model": 3}', encoding="utf-8")
    job = known(jobs, "recorded/one-minute")
    assert job.status == "damaged"
    assert not job.can_resume
