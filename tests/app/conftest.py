"""What the tests of `app` share."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from app.figures.chart import Figure
from app.runs import jobs as server_jobs
from app.runs.jobs import Jobs
from app.server.limits import Limits, read_limits
from ram.training.run_folder import RunFolder
from tests.e2e.conftest import end_runs


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the runs of a server with small limits."""
    lines = ["largest_model = 500_000", "longest_run = 30", "most_runs = 6", "longest_queue = 3", "disk = 100"]
    (tmp_path / "limits.toml").write_text("\n".join([f'runs = "{tmp_path / "runs"}"', *lines]))
    monkeypatch.setenv("GLIMPSE_LIMITS", str(tmp_path / "limits.toml"))
    yield tmp_path / "runs"
    if not (tmp_path / "runs").exists():  # the test has asked for no server
        return
    server = server_jobs.jobs()
    server.close()
    end_runs(tmp_path)
    if server._supervisor.process is not None:
        server._supervisor.process.kill()
        server._supervisor.process.wait()


def checked(figure_of: Callable[[Any], Figure]) -> Callable[[Any], go.Figure]:
    """Makes Plotly's own figure of what `figure_of` returns: it refuses what Plotly does not know."""
    return lambda content: go.Figure(figure_of(content)._asdict())


@pytest.fixture
def limits(runs_folder: Path) -> Limits:
    """The limits of that server; the whole app goes by them."""
    return read_limits()


@pytest.fixture
def jobs(limits: Limits) -> Iterator[Jobs]:
    """The runs of a server that nobody else sees."""
    jobs = Jobs(limits)
    yield jobs
    end(jobs)


def end(jobs: Jobs) -> None:
    """Ends what still runs, and waits for it."""
    for path in jobs.folder.glob("*/"):
        if holder := RunFolder(path).holder():
            os.kill(holder, signal.SIGKILL)
    if jobs._supervisor.process is not None:
        jobs._supervisor.process.kill()
        jobs._supervisor.process.wait()
    jobs.close()
