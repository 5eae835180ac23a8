"""What a server allows, at a real server."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path

import pytest

from app.runs.jobs import JobError, Jobs
from app.server.limits import LARGEST_COLLECTION, LONGEST_DESCRIPTION, MB, read_limits
from ram.checkpoints import CheckpointInfo, parameter_count, save_checkpoint
from ram.config import RAMConfig
from ram.data.collection import LARGEST_FILE
from ram.model import RAM
from tests.measure.visitor import drawings, upload, visit
from tests.servers import ROOT, started_server


def answers(address: str, size: int) -> list[int]:
    """The server's answers to an upload of so many bytes, and to one that announces a megabyte more."""

    async def opened() -> list[int]:
        async with visit(address) as visitor:
            await visitor.open()
            taken, _ = await asyncio.to_thread(upload, address, visitor.session, bytes(size))
            refused, _ = await asyncio.to_thread(upload, address, visitor.session, b"", promised=size + MB)
            return [taken, refused]

    return asyncio.run(opened())


@pytest.mark.parametrize("largest_model", [100, 3_000_000], ids=["pictures are larger", "models are larger"])
def test_server_takes_what_the_limits_allow_and_not_more(tmp_path: Path, largest_model: int) -> None:
    largest = math.ceil(max(5 * MB, 4 * largest_model + LONGEST_DESCRIPTION) / MB) * MB
    with started_server(tmp_path, largest_model=largest_model) as server:
        assert answers(server.address, largest - 1000) == [204, 413]


def test_largest_checkpoint_that_is_trained_here_can_be_uploaded_here(jobs: Jobs, tmp_path: Path) -> None:
    config = RAMConfig(num_glimpses=1, hidden_size=265, num_actions=1000)
    assert jobs.limits.largest_model - 50_000 < parameter_count(config) <= jobs.limits.largest_model
    classes = tuple(f"{number}".rjust(40, "é") for number in range(1000))  # each letter takes seven bytes in the file
    save_checkpoint(tmp_path / "made", RAM(config).state_dict(), CheckpointInfo(config, 28, {}, {}, classes))
    content = (tmp_path / "made").read_bytes()
    assert len(content) > 4 * parameter_count(config) + 250_000
    jobs.add_checkpoint(content, "from here")
    with pytest.raises(
        JobError,
        match=r"^This file cannot be used: it has \d\.\d MB, more than the 2\.4 MB of a model with 500,000 param",
    ):
        jobs.add_checkpoint(content + bytes(jobs.limits.largest_checkpoint), "too large")


def test_message_that_is_too_long_ends_its_session_alone(tmp_path: Path) -> None:
    async def send(address: str) -> int:
        async with visit(address) as other, visit(address) as visitor:
            await other.open()
            await visitor.open()
            await visitor._connection.send(bytes(1_000_001))
            await visitor._connection.wait_closed()
            await other.draw(drawings(1)[0])
            return visitor._connection.close_code or 0

    with started_server(tmp_path) as server:
        assert asyncio.run(send(server.address)) == 1009  # too big


def test_limits_agree_with_each_other() -> None:
    assert LARGEST_COLLECTION * MB == LARGEST_FILE
    nginx = re.search(r"client_max_body_size (\d+)m;", (ROOT / "docs/nginx.conf").read_text(encoding="utf-8"))
    assert nginx is not None
    assert int(nginx[1]) > read_limits().largest_upload
    assert "maxUploadSize" not in (ROOT / ".streamlit/config.toml").read_text(encoding="utf-8")
