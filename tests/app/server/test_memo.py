"""Results are kept as long as there is room, and nobody drives out what others have."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

from app.server.memo import Memo


class Made:
    """Makes numbers of a tenth of a memo's size each, and counts them."""

    def __init__(self) -> None:
        self.owner = ""
        self.count = 0
        self.memo = Memo(1000, owner=lambda: self.owner)

    def ask(self, key: Hashable, owner: str = "one", size: int = 100) -> int:
        self.owner = owner
        return self.memo.get(key, self._make, lambda _: size)

    def has(self, *keys: Hashable) -> list[Hashable]:
        """Those that are kept; asking anew for the others makes room for nothing."""
        return [key for key in keys if key in self.memo._entries]

    def _make(self) -> int:
        self.count += 1
        return self.count


def test_result_is_made_once_for_all() -> None:
    made = Made()
    assert [made.ask("a"), made.ask("b"), made.ask("a", "another")] == [1, 2, 1]
    assert made.count == 2


def test_who_is_alone_has_all_the_room_and_then_loses_the_least_recently_used() -> None:
    made = Made()
    for number in range(10):
        made.ask(number)
    made.ask(0)
    made.ask(10)
    assert made.has(*range(11)) == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_one_who_asks_without_end_drives_out_nothing_of_the_others() -> None:
    made = Made()
    others = [(owner, number) for owner in ("one", "two", "three") for number in range(2)]
    for owner, number in others:
        made.ask((owner, number), owner)
    for number in range(100):
        made.ask(number, "attacker")
    assert made.has(*others) == others
    assert made.has(*range(100)) == [96, 97, 98, 99]


def test_newcomers_get_room_from_whoever_has_most() -> None:
    made = Made()
    for number in range(8):
        made.ask(number, "early")
    made.ask("a", "late", size=300)
    assert made.has(*range(8), "a") == [1, 2, 3, 4, 5, 6, 7, "a"]
    made.ask("b", "latest", size=300)
    assert made.has(*range(8), "a", "b") == [4, 5, 6, 7, "a", "b"]


def test_result_that_is_larger_than_all_is_made_but_not_kept() -> None:
    made = Made()
    made.ask("a")
    assert [made.ask("b", "greedy", size=2000), made.ask("b", "greedy", size=2000)] == [2, 3]
    assert made.has("a", "b") == ["a"]


def test_results_are_made_side_by_side() -> None:
    memo, both = Memo(1000), threading.Barrier(2)

    def meet() -> int:
        return both.wait(60)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda key: memo.get(key, meet, lambda _: 1), "ab")) == [0, 1]
