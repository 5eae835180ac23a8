"""What the tests of `app` share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from app.figures.chart import Figure
from app.jobs import jobs
from tests.e2e.conftest import end_runs


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the runs of a server with small limits."""
    lines = ["largest_model = 500_000", "longest_run = 30", "most_runs = 4", "longest_queue = 2", "disk = 100"]
    (tmp_path / "limits.toml").write_text("\n".join([f'runs = "{tmp_path / "runs"}"', *lines]))
    monkeypatch.setenv("GLIMPSE_LIMITS", str(tmp_path / "limits.toml"))
    yield tmp_path / "runs"
    if not (tmp_path / "runs").exists():  # the test has asked for no server
        return
    server = jobs()
    server.close()
    end_runs(tmp_path)
    if server._supervisor.process is not None:
        server._supervisor.process.kill()
        server._supervisor.process.wait()


def checked(figure_of: Callable[[Any], Figure]) -> Callable[[Any], go.Figure]:
    """Makes Plotly's own figure of what `figure_of` returns: it refuses what Plotly does not know."""
    return lambda content: go.Figure(figure_of(content)._asdict())
