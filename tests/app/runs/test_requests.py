"""What may be asked of the runs of a server, and what is refused in words."""

from __future__ import annotations

import contextlib
import shutil
import threading

import pytest
import torch

from app.runs.jobs import JobError, Jobs
from app.server import catalogue
from app.server.models import model_info
from ram.config import RAMConfig
from ram.data.collection import Collection
from ram.data.mnist import Digits
from ram.training.run_folder import RunConfig, RunFolder, RunState
from tests.app.runs.short_jobs import LONG, MNIST, MODEL, SHORT, known, status, submit, train_here, wait


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
