"""Training runs as separate processes: one at a time, the others wait.

The truth is on disk, in the folder of each run, so that it survives the server: a run goes on when the
server ends, and the next server finds it. A run that waits has the state "waiting"; a thread of the
server starts the one that has waited longest. Where several servers share the folder, one of them does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import streamlit as st

from app.look.cost import look_problem
from app.look.field import field_of
from app.runs.memory import memory_problem
from app.runs.remains import is_held, remove, remove_remains
from app.runs.run_list import Job, read_jobs, read_recorded
from app.runs.supervisor import Supervisor
from app.server.catalogue import LONGEST_NAME, is_recorded, run_path, unique_name
from app.server.limits import MB, Limits, read_limits
from ram.checkpoints import CheckpointError, load_checkpoint, parameter_count, read_info
from ram.data.collection import Collection
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState

POLL_S = 0.5

_log = logging.getLogger(__name__)


class JobError(RuntimeError):
    """A request that cannot be met; the message is one sentence for the user."""


class Jobs:
    """All runs of a folder, and the thread that starts them.

    Args:
        limits: what the server allows.
        keep_s: for how many seconds the list of runs is kept before it is read anew.
    """

    def __init__(self, limits: Limits, keep_s: float = POLL_S) -> None:
        self.limits = limits
        self.keep_s = keep_s
        self.folder = limits.runs
        with contextlib.suppress(OSError):  # each request says so, and all else goes on
            self.folder.mkdir(parents=True, exist_ok=True)
        self._changing = threading.Lock()
        self._supervisor = Supervisor(limits)
        self._looking = threading.Lock()
        self._seen: tuple[float, list[Job]] = (0.0, [])
        self._seen_recorded: tuple[float, list[Job]] = (-math.inf, [])
        self._closed = threading.Event()
        self._is_clean = False

    def close(self) -> None:
        """Ends the thread and lets another server start the runs; the one that is being trained goes on."""
        self._closed.set()
        self._supervisor.close()

    # ---- reading ----

    def all(self) -> list[Job]:
        """Every run, the newest first; the list is kept for a moment, so that a class may ask at once."""
        with self._looking:
            if time.monotonic() - self._seen[0] > self.keep_s:
                self._seen = (time.monotonic(), read_jobs(self.folder, self._supervisor.given_up))
            return self._seen[1]

    def get(self, job_id: str) -> Job | None:
        """The run of that id, if there is one."""
        return next((job for job in (self.recorded() if is_recorded(job_id) else self.all()) if job.id == job_id), None)

    def recorded(self) -> list[Job]:
        """The runs that ship with the project; no request changes them."""
        with self._looking:
            if time.monotonic() - self._seen_recorded[0] > self.keep_s:
                self._seen_recorded = (time.monotonic(), read_recorded())
            return self._seen_recorded[1]

    def queue(self) -> list[Job]:
        """The runs that wait, the next one first."""
        return sorted((job for job in self.all() if job.status == "waiting"), key=self._waiting_since)

    def run_folder(self, job_id: str) -> RunFolder:
        """The folder of a run that `all` or `recorded` lists."""
        return RunFolder(run_path(job_id) if is_recorded(job_id) else self.folder / job_id)

    def _look(self) -> list[Job]:
        self._seen = (0.0, [])  # whatever is known may have changed
        return self.all()

    def _waiting_since(self, job: Job) -> float:
        try:
            return (self.folder / job.id / "state.json").stat().st_mtime
        except OSError:
            return time.time()

    # ---- requests ----

    def submit(self, config: RunConfig, name: str, *, start: Path | None, drawings: Collection | None) -> str:
        """Puts a run into the queue and returns its id.

        Raises:
            JobError: the server's limits do not allow it, or the disk is full.
            ValueError: the configuration or the checkpoint to start from cannot work.
        """
        self._check_size(config)
        self._check_memory(config, with_drawings=drawings is not None)
        with self._request():
            self._check_room(waits=True)
            with self._new_run() as folder:
                folder.create(config, start=start, drawings=drawings)
                self._write_name(folder.path, name)
                folder.write_state(RunState("waiting"))
            return folder.path.name[1:]

    def add_checkpoint(self, content: bytes, name: str) -> str:
        """Keeps an uploaded checkpoint as a run that was trained elsewhere, and returns its id.

        Raises:
            JobError: it is no usable checkpoint, the limits do not allow it, or the disk is full.
        """
        largest = self.limits.largest_checkpoint
        if len(content) > largest:
            raise JobError(
                f"This file cannot be used: it has {len(content) / MB:.1f} MB, more than the {largest / MB:.1f} MB "
                f"of a model with {self.limits.largest_model:,} parameters, the largest that is allowed here."
            )
        with self._request():
            self._check_room(waits=False)
            try:
                with self._new_run() as folder:
                    folder.best.write_bytes(content)
                    self._check_checkpoint(folder.best)
                    self._write_name(folder.path, name)
            except ValueError as error:  # a CheckpointError, or a field that cannot be made
                raise JobError(f"This file cannot be used: {_reason(str(error), folder.best.name)}.") from error
            return folder.path.name[1:]

    def stop(self, job_id: str) -> None:
        """Asks a run to stop, or takes it out of the queue; the best so far is kept."""
        with self._request(job_id):
            job = self.get(job_id)
            if job is not None and not self._supervisor.stop(job) and job.status == "waiting":
                self._set_status(self.run_folder(job_id), "stopped")

    def resume(self, job_id: str) -> None:
        """Puts a run into the queue again.

        Raises:
            JobError: the queue or the disk is full, or it has nothing left to do.
        """
        with self._request(job_id):
            if (job := self.get(job_id)) is None or not job.can_resume:
                raise JobError("This run cannot go on any more.")
            if len(self.queue()) >= self.limits.longest_queue:
                raise JobError(self._queue_is_full())
            if job.config is not None:  # perhaps one of the command line, which has no limits
                self._check_memory(job.config, with_drawings=self.run_folder(job_id).drawings.exists())
            self._supervisor.given_up.pop(job_id, None)
            self._supervisor.reap(job_id)
            self._set_status(self.run_folder(job_id), "waiting")

    def rename(self, job_id: str, name: str) -> None:
        """Gives a run another name.

        Raises:
            JobError: the disk is full.
        """
        with self._request(job_id):
            self._write_name(self.folder / job_id, name)

    def delete(self, job_id: str) -> None:
        """Removes a run for good.

        Raises:
            JobError: it is being trained.
        """
        with self._request(job_id):
            job = self.get(job_id)
            starts = job is not None and job.status == "waiting" and self._supervisor.is_starting(job_id)
            if starts or is_held(self.run_folder(job_id)):
                raise JobError("This run is being trained: stop it first.")
            self._supervisor.reap(job_id)
            # Out of sight first: another thread may still write into it, and a run that is half removed must not look
            # whole.
            gone = self.folder / f".{self._new_id()}"
            (self.folder / job_id).rename(gone)
            remove(gone)

    @contextlib.contextmanager
    def _request(self, job_id: str = "") -> Iterator[None]:
        """One request at a time, for a run if it is named; before and after it the runs are read afresh."""
        if is_recorded(job_id):
            raise JobError("Recorded runs come with the project and stay as they are.")
        with self._changing:
            try:
                self._look()
                yield
            except OSError as error:
                raise JobError(f"This cannot be saved on the server: {error.strerror}.") from error
            except RunError as error:  # its folder is damaged
                raise JobError(f"{error}.".replace(f"{self.folder}/", "")) from error
            finally:
                self._look()

    @contextlib.contextmanager
    def _new_run(self) -> Iterator[RunFolder]:
        """A folder to fill; it appears as a whole, and only when nothing was wrong with it."""
        folder = RunFolder(self.folder / f".{self._new_id()}")
        try:
            folder.path.mkdir()
            with folder.hold():  # or another server could take it for something that was left behind
                (folder.path / "process").unlink()  # this one trains nothing, and must not be asked to stop
                yield folder
                folder.path.rename(self.folder / folder.path.name[1:])
        finally:
            shutil.rmtree(folder.path, ignore_errors=True)

    def _set_status(self, folder: RunFolder, status: Literal["waiting", "stopped"]) -> None:
        try:
            state = folder.read_state() or RunState(status)
        except RunError:
            state = RunState(status)
        folder.write_state(dataclasses.replace(state, status=status, problem=""))

    def _write_name(self, path: Path, name: str) -> None:
        others = {job.name for job in [*self.all(), *self.recorded()] if job.id != path.name}
        name = " ".join(name.split())[:LONGEST_NAME] or path.name.removeprefix(".")
        RunFolder(path).write_name(unique_name(name, others))

    def _new_id(self) -> str:
        return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"

    # ---- limits ----

    def _check_size(self, config: RunConfig) -> None:
        count = parameter_count(config.model)
        if count > self.limits.largest_model:
            raise JobError(
                f"This model would have {count:,} parameters; this server trains at most "
                f"{self.limits.largest_model:,}: choose a smaller hidden_size."
            )
        if problem := look_problem(config.model, config.training.data.image_size):
            raise JobError(f"This model {problem}: choose fewer or smaller glimpses.")
        if config.training.schedule.minutes > self.limits.longest_run:
            raise JobError(
                f"{config.training.schedule.minutes:g} minutes are too long; this server trains at most "
                f"{self.limits.longest_run:g} minutes."
            )

    def _check_memory(self, config: RunConfig, *, with_drawings: bool) -> None:
        if problem := memory_problem(config, self.limits, with_drawings=with_drawings):
            raise JobError(problem)

    def _check_room(self, *, waits: bool) -> None:
        jobs, limits = self.all(), self.limits
        if len(jobs) >= limits.most_runs:
            raise JobError(f"This server keeps at most {limits.most_runs} runs: delete one that is not needed.")
        if waits and len(self.queue()) >= limits.longest_queue:
            raise JobError(self._queue_is_full())
        used = sum(job.size for job in jobs) / MB
        if used > limits.disk:
            raise JobError(
                f"The runs take {used:,.0f} MB of this server's {limits.disk:,.0f} MB: delete one that is not needed."
            )

    def _queue_is_full(self) -> str:
        return f"{self.limits.longest_queue} runs are waiting already: try again when one has finished."

    def _check_checkpoint(self, path: Path) -> None:
        info = read_info(path)
        count = parameter_count(info.config)
        if count > self.limits.largest_model:
            raise CheckpointError(
                f"it has {count:,} parameters, more than the {self.limits.largest_model:,} allowed here"
            )
        field_of(info, "it")
        load_checkpoint(path, "cpu")

    # ---- the thread ----

    def supervise(self) -> None:
        """Starts waiting runs, one after the other, until `close`."""
        said = ""
        while not self._closed.wait(POLL_S):
            try:
                self.tick()
            except Exception as error:
                # Whatever it was, the next run must not wait for ever for this thread.
                if repr(error) != said:  # once: the log must not fill the disk
                    _log.exception("The queue of runs had a problem")
                said = repr(error)

    def tick(self) -> None:
        """One round of the thread: sees what has ended, and starts the next run."""
        with self._changing:
            if not self._supervisor.is_in_charge() or self._supervisor.is_busy():
                return
            self._clean_up()
            running = next((job for job in self._look() if job.status == "running"), None)
            if running:  # a run that outlived the server before, or was started by hand
                self._supervisor.end_overlong(running.id)
            elif queue := self.queue():
                self._supervisor.start(queue[0].id)
                self._look()

    def _clean_up(self) -> None:
        """Removes, once, what servers and runs that were killed have left behind."""
        if self._is_clean:
            return
        self._is_clean = True
        if removed := remove_remains(self.folder):
            _log.warning("Removed %d things that servers or runs left behind when they were killed", removed)


def _reason(problem: str, file: str) -> str:
    """What follows "This file cannot be used:": the problem, which mostly names the file and says this, too."""
    problem = problem.removeprefix(f"{file} cannot be used: ").removeprefix(f"{file}: ")
    return f"it {problem.removeprefix(file).lstrip()}" if problem.startswith(file) else problem


@st.cache_resource(show_spinner=False)
def _jobs(limits: Limits) -> Jobs:
    jobs = Jobs(limits)
    threading.Thread(target=jobs.supervise, name="jobs", daemon=True).start()
    return jobs


def jobs() -> Jobs:
    """The server's runs; the first call starts the thread."""
    return _jobs(read_limits())
