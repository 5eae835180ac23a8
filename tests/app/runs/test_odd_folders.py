"""Whatever may lie in a folder of runs: damage, pipes, odd names, and what was left behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.runs.jobs import JobError, Jobs
from ram.checkpoints import SHIPPED
from ram.training.run_folder import RunFolder
from tests.app.runs.short_jobs import LONG, known, status, submit, train_here, wait
from tests.servers import write_limits


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
