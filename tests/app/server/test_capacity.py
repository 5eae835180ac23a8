"""What the system lets the server carry, and what the server says of it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.server.capacity import visitors_carried
from app.server.limits import Limits
from tests.processes import wait_until
from tests.servers import ROOT, started_server

RAISE = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1000))
from app.server.capacity import raise_open_files
print(raise_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_limit_of_open_files_is_raised_as_far_as_the_system_allows() -> None:
    result = subprocess.run([sys.executable, "-c", RAISE], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert result.stdout == "1000 (1000, 1000)\n"


@pytest.mark.parametrize(
    ("open_files", "allowed", "carried"),
    [(1000, 200, 100), (1000, 50, 50), (20_000, 200, 200), (-1, 200, 200), (100, 200, 1)],
)
def test_open_files_limit_the_visitors(limits: Limits, open_files: int, allowed: int, carried: int) -> None:
    assert visitors_carried(dataclasses.replace(limits, most_visitors=allowed), open_files) == carried


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        ([], [r"http://localhost:\d+ \(for this machine alone; README.md says how others reach it\)"]),
        (["--server.baseUrlPath=/class/"], [r"http://localhost:\d+/class \(for this machine alone"]),
        (["--server.address=0.0.0.0"], [r"http://localhost:\d+\n"]),
        (["--server.address=127.0.0.2"], [r"http://127.0.0.2:\d+ \(for others, too\)"]),
    ],
)
def test_server_says_at_start_where_it_is_and_what_it_carries(
    tmp_path: Path, arguments: list[str], sentences: list[str]
) -> None:
    command = ["bash", "-c", 'ulimit -n 1000; exec "$@"', "bash"]
    with started_server(tmp_path, prefix=command, arguments=["--server.headless=true", *arguments]):
        said = wait_until((tmp_path / "log").read_text)
    for sentence in [
        *sentences,
        rf"Up to 100 visitors at a time; runs are kept in {tmp_path / 'runs'}\.",
        r"limits\.toml allows 200 visitors, but 1,000 open files carry no more than 100: raise the limit \(ulimit -n\)",
    ]:
        assert re.search(sentence, said), said
    assert len(said.splitlines()) <= 8
