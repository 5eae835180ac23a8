"""The process that trains: started, watched and asked to stop; one at a time, also among several servers."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from app.runs.remains import remove
from app.runs.run_list import Job
from app.server.limits import PROJECT, Limits
from ram.training.run_folder import RunError, RunFolder, RunState

PATIENCE_S = 10.0
PRIORITY = 10  # nice: drawing goes first, and training takes what is left
MEMORY_PRIORITY = 500  # where memory runs out, Linux ends a training before the server (proc(5), oom_score_adj)
KILLED = -9  # what a process returns that was ended with SIGKILL, a signal that Windows does not have
KILLS = Path("/proc/vmstat")  # where Linux counts what it ended because memory ran out
OUT_OF_MEMORY = "Memory ran out, and the system ended it."


class Supervisor:
    """Starts the runs of a folder, one after the other. Not for several threads at a time.

    Args:
        limits: what the server allows.
        kills: where the system counts the processes that it ended because memory ran out.
    """

    def __init__(self, limits: Limits, kills: Path = KILLS) -> None:
        self.limits = limits
        self.kills = kills
        self.folder = limits.runs
        self.given_up: dict[str, str] = {}
        """Runs that could not be trained, by id, and why."""
        self.process: subprocess.Popen[bytes] | None = None
        self._started = ""
        self._killed = 0  # what the system had counted when the last one was started
        self._asked: set[int] = set()  # processes that were asked to stop
        self._lock = FileLock(self.folder / ".supervisor", thread_local=False)

    def close(self) -> None:
        """Lets another server start the runs; the one that is being trained goes on."""
        self._lock.release()

    def is_in_charge(self) -> bool:
        """Whether this server is the one that starts runs; the system passes the lock on when it ends."""
        lock = self.folder / ".supervisor"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not lock.is_file():
                with contextlib.suppress(FileNotFoundError):
                    remove(lock)  # somebody's mistake, which would stop the queue
            return self._lock.is_locked or bool(self._lock.acquire(blocking=False))
        except (Timeout, OSError):  # where nothing can be written, nothing waits to be trained
            return False

    def is_busy(self) -> bool:
        """Whether a process that was started here is still there; notes the end of one that is not."""
        if self.process is None:
            return False
        if self.process.poll() is not None:
            self._note_end(self.process.returncode)
            return False
        self.end_overlong(self._started)
        return True

    def start(self, job_id: str) -> None:
        """Begins a run, or goes on with it."""
        path = self.folder / job_id
        command = [sys.executable, "-m", "ram.train", "--resume", str(path), "--threads", "1"]
        try:
            log_file = RunFolder(path).log
            log_file.unlink(missing_ok=True)  # it might be a pipe, which nobody reads
            with log_file.open("xb") as log:
                self.process = subprocess.Popen(  # noqa: S603, our own command
                    command,
                    cwd=PROJECT,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # it outlives the server
                    creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # Windows' way
                )
        except OSError as error:
            self.given_up[job_id] = f"It could not be started: {error.strerror}."
            return
        self._started, self._killed = job_id, self._count_kills()
        self._asked.discard(self.process.pid)
        if sys.platform != "win32":
            os.setpriority(os.PRIO_PROCESS, self.process.pid, PRIORITY)
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.process.pid}/oom_score_adj").write_text(str(MEMORY_PRIORITY), encoding="ascii")

    def stop(self, job: Job) -> bool:
        """Asks its process to stop, if it has one; returns whether there was one to ask."""
        if holder := RunFolder(self.folder / job.id).holder():
            self._ask_to_stop(holder)
            return True
        if self.process is not None and self.is_starting(job.id):
            # It is still importing PyTorch: there is nothing to lose.
            self.process.terminate()
            self.reap(job.id)
        return False

    def is_starting(self, job_id: str) -> bool:
        """Whether its process lives; asked where it does not hold the run yet."""
        return self.process is not None and self._started == job_id and self.process.poll() is None

    def reap(self, job_id: str) -> None:
        """Waits for a process that has let go of its run: its end must not be taken for that of the next one."""
        if self.process is not None and self._started == job_id:
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def end_overlong(self, job_id: str) -> None:
        """Asks a run to stop that trains for longer than this server allows."""
        folder = RunFolder(self.folder / job_id)
        with contextlib.suppress(RunError):  # a damaged folder shows as damaged
            state = folder.read_state()
            if state and state.elapsed_s > 60 * self.limits.longest_run and (holder := folder.holder()):
                self._ask_to_stop(holder)

    def _ask_to_stop(self, process: int) -> None:
        """Asks once: asked twice, the command line ends at once."""
        if process not in self._asked:
            self._asked.add(process)
            # It ended by itself just now, or its number is not that of a run.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGTERM)

    def _note_end(self, code: int) -> None:
        """A process that ended without a word of its own: the run must not be started again and again."""
        folder, self.process = RunFolder(self.folder / self._started), None
        with contextlib.suppress(RunError, FileNotFoundError):  # damaged, or deleted just now
            state = folder.read_state()
            if state and code == KILLED and self._count_kills() > self._killed:
                self._give_up(folder, state, OUT_OF_MEMORY)
            elif state and state.status == "waiting":
                reason = folder.last_words() or f"its process ended with status {code}"
                self._give_up(folder, state, f"It could not be trained: {reason}.")

    def _give_up(self, folder: RunFolder, state: RunState, problem: str) -> None:
        self.given_up[folder.path.name] = problem
        folder.write_state(dataclasses.replace(state, status="failed", problem=problem))

    def _count_kills(self) -> int:
        """How many processes the system has ended because memory ran out; 0 where it does not count them."""
        try:
            lines = self.kills.read_text(encoding="ascii").splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
