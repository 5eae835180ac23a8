"""The runs there are, as their folders tell: which ones, how far, and what happened to them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal, NamedTuple

from app.server.catalogue import RECORDED, RECORDED_NAME, is_file, is_recorded, recorded_names, run_names, run_path
from ram.recordings import RECORDINGS, Recording
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState

# "interrupted": its process is gone without a word. "uploaded": a checkpoint that was trained elsewhere.
# "recorded": one that ships with the project, and stays as it is.
JobStatus = Literal[
    "waiting", "running", "stopped", "finished", "failed", "interrupted", "uploaded", "recorded", "damaged"
]


class Job(NamedTuple):
    """A run as the page shows it."""

    id: str
    """Name of its folder; that of a recorded run begins with "recorded/"."""
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
    def recording(self) -> Recording | None:
        """What it shows, if it ships with the project: then it can be watched and used, and nothing else."""
        return RECORDINGS[Path(self.id).name] if is_recorded(self.id) else None

    @property
    def title(self) -> str:
        """Its name where only recorded runs stand, or only others."""
        return self.name.removesuffix(RECORDED_NAME) if is_recorded(self.id) else self.name

    @property
    def can_resume(self) -> bool:
        """Whether it can go on."""
        return (
            self.config is not None and not self.config.obstacle and self.status in ("stopped", "interrupted", "failed")
        )


def read_jobs(folder: Path, given_up: dict[str, str]) -> list[Job]:
    """Every run in a folder, the newest first; `given_up` says why some could not be trained."""
    return [_read(folder / job_id, name, given_up) for job_id, name in run_names(folder).items()]


def read_recorded() -> list[Job]:
    """The recorded runs that are there, in the order in which they are listed in `RECORDINGS`."""
    names = recorded_names()
    known = (f"{RECORDED}/{name}" for name in RECORDINGS)
    return [_read_recorded(job_id, names[job_id]) for job_id in known if job_id in names]


def _read_recorded(job_id: str, name: str) -> Job:
    job = _read(run_path(job_id), name, {})
    # Nobody trains it, whatever its files say.
    status: JobStatus = "damaged" if job.config is None or job.status == "damaged" else "recorded"
    return job._replace(id=job_id, status=status, problem=job.problem if status == "damaged" else "")


def _read(path: Path, name: str, given_up: dict[str, str]) -> Job:
    folder = RunFolder(path)
    config, state, problem = None, RunState("stopped"), ""
    status: JobStatus = "uploaded"
    if not is_file(folder.best) or _exists(path / "config.json"):
        try:
            config, known = folder.read_config(), folder.read_state()
            state = known or state
            status = _status(folder, known, given_up)
            problem = _problem(folder, status, state, given_up)
            if config.obstacle and status not in ("running", "finished"):
                problem = f"It cannot be resumed: {config.obstacle}."
        except RunError as error:
            status, problem = "damaged", f"{error}.".replace(f"{path}/", "").replace(str(path), "this folder")
    # Asked last: until a run has ended, it may still write its checkpoint.
    return Job(path.name, name, status, config, state, problem, is_file(folder.best), _size(path))


def _status(folder: RunFolder, state: RunState | None, given_up: dict[str, str]) -> JobStatus:
    if folder.is_running():
        return "running"
    if state is None or state.status == "running":
        return "interrupted"
    return "failed" if folder.path.name in given_up else state.status


def _problem(folder: RunFolder, status: JobStatus, state: RunState, given_up: dict[str, str]) -> str:
    if status == "failed":
        return state.problem or given_up.get(folder.path.name, "It failed.")
    if status == "interrupted":
        last = folder.last_words()
        return f"Its process ended before its time{f' ({last})' if last else ''}. What was saved before is intact."
    return ""


def _exists(path: Path) -> bool:
    """Whether something is there, even if it leads nowhere or may not be read."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _size(path: Path) -> int:
    """Bytes of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for file in path.iterdir():
            with contextlib.suppress(OSError):
                total += file.stat().st_size
    return total
