"""What components send."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.measure.visitor import visit
from tests.servers import started_server

MOVE = {"glimpse": 3, "x": 0.5, "y": 0.5, "number": 1}
SENT = [("move", MOVE), ("ask", {"glimpse": 3, "by": "value"}), ("undo", True), ("own_way", True)]


async def meet(address: str, *, there: bool, event: str, value: Any) -> None:
    async with visit(address, query="sample=17&first=centre") as visitor:
        await visitor.open()
        if not there:
            await visitor.send("present", "mode", "yes")
        await visitor.send("viewer", event, value)
        await visitor.send("present", "mode", "no")
        assert visitor.look


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("server")
    with started_server(folder) as server:
        yield server.address
    assert "Traceback" not in (folder / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("event", "value"), SENT)
def test_what_comes_after_its_component_has_left_is_no_error(address: str, event: str, value: object) -> None:
    asyncio.run(meet(address, there=False, event=event, value=value))


@pytest.mark.parametrize("value", [None, {}, "x", {**MOVE, "x": 1}, {**MOVE, "x": 9}, {**MOVE, "glimpse": 2.5}])
def test_whatever_a_viewer_sends_is_no_error(address: str, value: object) -> None:
    for event in ("move", "ask"):
        asyncio.run(meet(address, there=True, event=event, value=value))


@pytest.mark.parametrize("value", ["\ud800", 7, [], {}, 1e400])
def test_whatever_a_viewer_says_of_its_options_is_no_error(address: str, value: object) -> None:
    for event in ("speed", "only_seen", "play", "elsewhere", "policy", "inside"):
        asyncio.run(meet(address, there=True, event=event, value=value))


@pytest.mark.parametrize("page", ["", "learning"])
@pytest.mark.parametrize("pick", [None, True, -1, 10_000, 1.5, "x", [5], {}])
def test_what_is_no_digit_of_the_gallery_is_not_taken(address: str, page: str, pick: object) -> None:
    async def choose() -> None:
        async with visit(address, query="sample=17") as visitor:
            await visitor.open(page)
            await visitor.send("gallery", "pick", pick)
            assert "sample=17" in visitor.query

    asyncio.run(choose())
