"""What the tests of `app` share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from streamlit import config

from app.figures.chart import Figure
from app.runs import jobs as server_jobs
from app.runs.jobs import Jobs
from app.server.limits import Limits, read_limits
from tests.processes import end_runs
from tests.servers import ROOT, write_limits

config._main_script_path = str(ROOT / "app/main.py")  # as `streamlit run` does: beside it lies the configuration


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the runs of a server with small limits."""
    limits = write_limits(tmp_path, largest_model=500_000, longest_run=30, most_runs=6, longest_queue=3, disk=100)
    monkeypatch.setenv("GLIMPSE_LIMITS", str(limits))
    yield tmp_path / "runs"
    if not (tmp_path / "runs").exists():  # the test has asked for no server
        return
    end(server_jobs.jobs())


def checked(figure_of: Callable[[Any], Figure]) -> Callable[[Any], go.Figure]:
    """Makes Plotly's own figure of what `figure_of` returns: it refuses what Plotly does not know."""
    return lambda content: go.Figure(figure_of(content)._asdict())


@pytest.fixture
def limits(runs_folder: Path) -> Limits:
    """The limits of that server; the whole app keeps to them."""
    return read_limits()


@pytest.fixture
def jobs(limits: Limits) -> Iterator[Jobs]:
    """The runs of a server that nobody else sees, always read anew."""
    jobs = Jobs(limits, keep_s=0.0)
    yield jobs
    end(jobs)


def end(jobs: Jobs) -> None:
    """Stops a server's runs and its thread, and kills what still trains."""
    jobs.close()  # first, so that it does not start the next run
    end_runs(jobs.folder)
    if jobs._supervisor.process is not None:
        jobs._supervisor.process.kill()
        jobs._supervisor.process.wait()
