"""The shelves on which the server keeps what sessions have made."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from app.look.picture import DRAWING, Picture
from app.session.shelf import OVERHEAD, SHARE, Kept, Shelf
from tests.measure.visitor import drawings, visit
from tests.servers import started_server

BYTES = 5000 - OVERHEAD  # of one thing, so that it takes 5,000 on the shelf


def test_things_that_nobody_asked_for_longest_make_room() -> None:
    shelf: Shelf[int] = Shelf(15_000 / SHARE)
    room = int(1 / SHARE) * 3
    names = [shelf.put(number, BYTES, f"session {number}") for number in range(room)]
    assert shelf.get(names[0]) == 0
    names.append(shelf.put(room, BYTES, "another"))
    assert [shelf.get(name) for name in names] == [0, None, *range(2, room + 1)]
    assert shelf.get("unknown") is None


def test_session_that_puts_down_much_takes_the_place_of_its_own() -> None:
    shelf: Shelf[str] = Shelf(15_000 / SHARE)
    other = shelf.put("other's", BYTES, "other")
    own = [shelf.put(f"own {number}", BYTES, "own") for number in range(100)]
    assert [shelf.get(name) for name in own[-4:]] == [None, "own 97", "own 98", "own 99"]
    assert shelf.get(other) == "other's"


def test_thing_larger_than_a_session_may_keep_is_not_kept() -> None:
    shelf: Shelf[str] = Shelf(15_000 / SHARE)
    assert shelf.get(shelf.put("large", 15_001, "own")) is None


def test_last_and_what_others_opened_outlive_a_session() -> None:
    shelf: Shelf[int] = Shelf(1e6)
    names = [shelf.put(number, BYTES, "own") for number in range(4)]
    other = shelf.put(4, BYTES, "other")
    assert shelf.get(names[1], "other") == 1
    shelf.leave("own")
    assert [shelf.get(name) for name in [*names, other]] == [None, 1, None, 3, 4]


def test_strokes_are_kept_as_text_and_counted_in_bytes() -> None:
    picture = Picture(np.zeros((28, 28), np.float32), DRAWING)
    kept = Kept(picture, '[{"type": "Path", "path": [["M", 1, 2]]}]')
    assert kept.size == 28 * 28 * 4 + 41
    assert kept.strokes == [{"type": "Path", "path": [["M", 1, 2]]}]


def test_pictures_of_a_session_are_let_go_when_it_ends_but_for_the_last(tmp_path: Path) -> None:
    async def draw_and_leave(address: str) -> list[str]:
        async with visit(address) as visitor:
            await visitor.open()
            queries = []
            for drawing in drawings(3):
                await visitor.draw(drawing)
                queries.append(visitor.query)
            return queries

    async def shows_a_look(address: str, query: str) -> bool:
        async with visit(address, query=query) as visitor:
            await visitor.open()
            return visitor.look != ""

    async def test(address: str) -> None:
        queries = await draw_and_leave(address)
        assert [await shows_a_look(address, query) for query in queries] == [False, False, True]

    with started_server(tmp_path) as server:
        asyncio.run(test(server.address))
