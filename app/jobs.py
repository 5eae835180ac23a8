"""Training runs as separate processes: one at a time, the others wait.

The truth is on disk, in the folder of each run, so that it survives the server: a run goes on when the
server ends, and the next server finds it. A run that waits has the state "waiting"; a thread of the
server starts the one that has waited longest. Where several servers share the folder, one of them does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

import streamlit as st

from app.limits import PROJECT, Limits, read_limits
from app.resources import LONGEST_NAME, run_names, unique_name
from ram.checkpoints import CheckpointError, load_checkpoint, parameter_count, read_info, write_atomically
from ram.collection import Collection
from ram.runs import RunConfig, RunError, RunFolder, RunState

POLL_S = 0.5
PATIENCE_S = 10.0
PRIORITY = 10  # nice: whoever draws goes first, and in between there is room to train
MB = 1024**2

# "interrupted": its process is gone without a word. "uploaded": a checkpoint that was trained elsewhere.
JobStatus = Literal["waiting", "running", "stopped", "finished", "failed", "interrupted", "uploaded", "damaged"]
_log = logging.getLogger(__name__)


class JobError(RuntimeError):
    """A wish that cannot be granted; the message is one sentence for the user."""


class Job(NamedTuple):
    """A run as the page shows it."""

    id: str
    """Name of its folder."""
    name: str
    status: JobStatus
    config: RunConfig | None
    """None where there is none, or it is damaged."""
    state: RunState
    problem: str
    """What went wrong, in one sentence; empty if nothing did."""
    has_checkpoint: bool
    size: int
    """Bytes on disk."""

    @property
    def can_resume(self) -> bool:
        """Whether it can go on."""
        return self.config is not None and self.status in ("stopped", "interrupted", "failed")


class Jobs:
    """All runs of a folder, and the thread that starts them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.folder = limits.runs
        self.folder.mkdir(parents=True, exist_ok=True)
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = ""
        self._asked: set[int] = set()  # processes that were asked to stop
        self._given_up: dict[str, str] = {}  # runs that could not be started, and why
        self._seen: tuple[float, list[Job]] = (0.0, [])
        self._supervising: TextIO | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Lets another server start the runs; the one that is being trained goes on."""
        self._closed.set()
        if self._supervising is not None:
            self._supervising.close()
            self._supervising = None

    # ---- reading ----

    def all(self) -> list[Job]:
        """Every run, the newest first; at most half a second old, so that a class may ask at once."""
        when, jobs = self._seen
        if time.monotonic() - when > POLL_S:
            jobs = self._look()
        return jobs

    def get(self, job_id: str) -> Job | None:
        """The run of that folder name, if there is one."""
        return next((job for job in self.all() if job.id == job_id), None)

    def queue(self) -> list[Job]:
        """The runs that wait, the next one first."""
        return sorted((job for job in self.all() if job.status == "waiting"), key=self._waiting_since)

    def run_folder(self, job_id: str) -> RunFolder:
        """The folder of a run that `all` lists."""
        return RunFolder(self.folder / job_id)

    def _look(self) -> list[Job]:
        jobs = [self._read(self.folder / job_id, name) for job_id, name in run_names().items()]
        self._seen = (time.monotonic(), jobs)
        return jobs

    def _read(self, path: Path, name: str) -> Job:
        folder = RunFolder(path)
        config, state, problem = None, RunState("stopped"), ""
        status: JobStatus = "uploaded"
        if not (folder.best.exists() and not (path / "config.json").exists()):
            try:
                config = folder.read_config()
                known = folder.read_state()
                state = known or state
                status = self._status(folder, known)
                problem = self._problem(folder, status, state)
            except RunError as error:
                status, problem = "damaged", f"{error}"
        return Job(path.name, name, status, config, state, problem, folder.best.exists(), _size(path))

    def _status(self, folder: RunFolder, state: RunState | None) -> JobStatus:
        if folder.is_running():
            return "running"
        if state is None or state.status == "running":
            return "interrupted"
        if folder.path.name in self._given_up:
            return "failed"
        return state.status

    def _problem(self, folder: RunFolder, status: JobStatus, state: RunState) -> str:
        if status == "failed":
            return state.problem or self._given_up.get(folder.path.name, "It failed.")
        if status == "interrupted":
            last = _last_words(folder.path)
            return f"Its process ended before its time{f' ({last})' if last else ''}. What was saved before is intact."
        return ""

    def _waiting_since(self, job: Job) -> float:
        try:
            return (self.folder / job.id / "state.json").stat().st_mtime
        except OSError:
            return time.time()

    # ---- wishes ----

    def submit(self, config: RunConfig, name: str, *, start: Path | None, drawings: Collection | None) -> str:
        """Puts a run into the queue and returns its id.

        Raises:
            JobError: the server's limits do not allow it, or the disk is full.
            ValueError: the configuration or the checkpoint to start from cannot work.
        """
        self._check_size(config)
        with self._wish():
            self._check_room(waits=True)
            job_id = self._new_id()
            folder = self.run_folder(job_id)
            try:
                folder.create(config, start=start, drawings=drawings)
                self._write_name(folder.path, name)
                folder.write_state(RunState("waiting"))
            except (OSError, ValueError):
                shutil.rmtree(folder.path, ignore_errors=True)
                raise
            return job_id

    def add_checkpoint(self, content: bytes, name: str) -> str:
        """Keeps an uploaded checkpoint as a run that was trained elsewhere, and returns its id.

        Raises:
            JobError: it is no usable checkpoint, the limits do not allow it, or the disk is full.
        """
        with self._wish():
            self._check_room(waits=False)
            folder = self.folder / f".{self._new_id()}"
            try:
                folder.mkdir()
                path = folder / RunFolder(folder).best.name
                path.write_bytes(content)
                self._check_checkpoint(path)
                self._write_name(folder, name)
                # It appears as a whole, and only when it is known to be good.
                folder.rename(self.folder / folder.name[1:])
            except CheckpointError as error:
                raise JobError(f"This file cannot be used: {error}.".replace("best.safetensors", "it")) from error
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return folder.name[1:]

    def stop(self, job_id: str) -> None:
        """Asks a run to stop, or takes it out of the queue; the best so far is kept."""
        with self._wish():
            folder = self.run_folder(job_id)
            if holder := folder.holder():
                self._ask_to_stop(holder)
                return
            if self._process is not None and self._is_starting(job_id):
                # It is still importing PyTorch: there is nothing to lose.
                self._process.terminate()
                self._reap(job_id)
            if (job := self.get(job_id)) and job.status == "waiting":
                self._set_status(folder, "stopped")

    def resume(self, job_id: str) -> None:
        """Puts a run into the queue again.

        Raises:
            JobError: the queue or the disk is full, or it has nothing left to do.
        """
        with self._wish():
            if (job := self.get(job_id)) is None or not job.can_resume:
                raise JobError("This run cannot go on any more.")
            if len(self.queue()) >= self.limits.longest_queue:
                raise JobError(self._queue_is_full())
            self._given_up.pop(job_id, None)
            self._reap(job_id)
            self._set_status(self.run_folder(job_id), "waiting")

    def rename(self, job_id: str, name: str) -> None:
        """Gives a run another name.

        Raises:
            JobError: the disk is full.
        """
        with self._wish():
            self._write_name(self.folder / job_id, name)

    def delete(self, job_id: str) -> None:
        """Removes a run for good.

        Raises:
            JobError: it is being trained.
        """
        with self._wish():
            if self.run_folder(job_id).is_running() or self._is_starting(job_id):
                raise JobError("This run is being trained: stop it first.")
            shutil.rmtree(self.folder / job_id)

    @contextlib.contextmanager
    def _wish(self) -> Iterator[None]:
        """One wish at a time; whatever was known is looked at afresh afterwards."""
        with self._changing:
            try:
                self._look()
                yield
            except OSError as error:
                raise JobError(f"This cannot be saved on the server: {error.strerror}.") from error
            finally:
                self._look()

    def _ask_to_stop(self, process: int) -> None:
        """Asks once: asked twice, the command line ends at once."""
        if process not in self._asked:
            self._asked.add(process)
            with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
                os.kill(process, signal.SIGTERM)

    def _is_starting(self, job_id: str) -> bool:
        """Whether its process lives; asked where it does not hold the run yet."""
        return self._process is not None and self._started == job_id and self._process.poll() is None

    def _reap(self, job_id: str) -> None:
        """Waits for a process that has let go of its run: its end must not be taken for that of the next one."""
        if self._process is not None and self._started == job_id:
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _set_status(self, folder: RunFolder, status: Literal["waiting", "stopped"]) -> None:
        try:
            state = folder.read_state() or RunState(status)
        except RunError:
            state = RunState(status)
        folder.write_state(dataclasses.replace(state, status=status, problem=""))

    def _write_name(self, path: Path, name: str) -> None:
        others = {job.name for job in self.all() if job.id != path.name}
        name = " ".join(name.split())[:LONGEST_NAME] or path.name
        write_atomically(path / "name.txt", unique_name(name, others).encode())

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
        if config.training.minutes > self.limits.longest_run:
            raise JobError(
                f"{config.training.minutes:g} minutes are too long; this server trains at most "
                f"{self.limits.longest_run:g} minutes."
            )

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
        config = read_info(path).config
        count = parameter_count(config)
        if count > self.limits.largest_model:
            raise CheckpointError(
                f"it has {count:,} parameters, more than the {self.limits.largest_model:,} allowed here"
            )
        if read_info(path).image_size != 28:
            raise CheckpointError(f"it is for images of {read_info(path).image_size} pixels a side, not 28")
        load_checkpoint(path, "cpu")

    # ---- the thread ----

    def supervise(self) -> None:
        """Starts waiting runs, one after the other, until `close`."""
        while not self._closed.wait(POLL_S):
            try:
                self.tick()
            except Exception:
                # Whatever it was, the next run must not wait for ever for this thread.
                _log.exception("The queue of runs had a problem")

    def _is_supervisor(self) -> bool:
        """Whether this server is the one that starts runs; the system passes the lock on when it ends."""
        if self._supervising is None:
            file = (self.folder / ".supervisor").open("a")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._supervising = file
        return True

    def tick(self) -> None:
        """One round of the thread: sees what has ended, and starts the next run."""
        with self._changing:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self._is_supervisor():
                return
            if self._process is not None:
                if self._process.poll() is None:
                    self._end_overlong(self._started)
                    return
                self._note_end(self._process.returncode)
            jobs = self._look()
            running = next((job for job in jobs if job.status == "running"), None)
            if running:  # a run that outlived the server before, or was started by hand
                self._end_overlong(running.id)
                return
            if queue := self.queue():
                self._start(queue[0].id)
                self._look()

    def _start(self, job_id: str) -> None:
        folder = self.run_folder(job_id)
        command = [sys.executable, "-m", "ram.train", "--resume", str(folder.path), "--threads", "1"]
        try:
            with (folder.path / "log.txt").open("w") as log:
                self._process = subprocess.Popen(  # noqa: S603, our own command
                    command,
                    cwd=PROJECT,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # it outlives the server
                )
        except OSError as error:
            self._given_up[job_id] = f"It could not be started: {error.strerror}."
            return
        self._started = job_id
        self._asked.discard(self._process.pid)
        os.setpriority(os.PRIO_PROCESS, self._process.pid, PRIORITY)

    def _note_end(self, code: int) -> None:
        """A process that ended without a word of its own: the run must not be started again and again."""
        folder, self._process = self.run_folder(self._started), None
        with contextlib.suppress(RunError):  # a damaged folder shows as damaged
            state = folder.read_state()
            if state and state.status == "waiting":
                reason = _last_words(folder.path) or f"its process ended with status {code}"
                self._given_up[self._started] = f"It could not be trained: {reason}."
                folder.write_state(dataclasses.replace(state, status="failed", problem=self._given_up[self._started]))

    def _end_overlong(self, job_id: str) -> None:
        folder = self.run_folder(job_id)
        with contextlib.suppress(RunError):
            state = folder.read_state()
            if state and state.elapsed_s > 60 * self.limits.longest_run and (holder := folder.holder()):
                self._ask_to_stop(holder)


@st.cache_resource(show_spinner=False)
def _jobs(limits: Limits) -> Jobs:
    jobs = Jobs(limits)
    threading.Thread(target=jobs.supervise, name="jobs", daemon=True).start()
    return jobs


def jobs() -> Jobs:
    """The server's runs; the first call starts the thread."""
    return _jobs(read_limits())


def _size(path: Path) -> int:
    """Bytes of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for file in path.iterdir():
            with contextlib.suppress(OSError):
                total += file.stat().st_size
    return total


def _last_words(path: Path) -> str:
    """The error that the command line ended with, if it came to say one."""
    try:
        lines = (path / "log.txt").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.removeprefix("ram.train: ") for line in lines if line.startswith("ram.train: ")]
    return said[-1].replace(str(path), "the run") if said else ""
