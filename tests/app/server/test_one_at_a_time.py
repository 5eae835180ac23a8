"""Sessions compute one after the other, but never wait for long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.server import one_at_a_time
from app.server.one_at_a_time import Turns, aside, elsewhere, turn


def test_sessions_compute_one_after_the_other() -> None:
    inside, most, wanted = 0, 0, threading.Barrier(8)

    def compute(_: int) -> None:
        nonlocal inside, most
        wanted.wait(10)  # so that all ask for their turn at once
        with turn():
            inside += 1
            most = max(most, inside)
            for _ in range(20):
                time.sleep(0)  # lets the others run
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(compute, range(16)))
    assert most == 1


def test_session_that_takes_long_does_not_stop_the_others() -> None:
    begun, done = threading.Event(), threading.Event()

    def take_long() -> None:
        with turn():
            begun.set()
            assert done.wait(10)

    slow = threading.Thread(target=take_long)
    slow.start()
    assert begun.wait(10)
    with turn(patience_s=0.05):
        assert slow.is_alive()
    done.set()
    slow.join()
    assert one_at_a_time._turn.acquire(0, timeout=1)  # whoever went ahead has not given back what was not theirs, twice
    one_at_a_time._turn.release()


def test_turn_goes_to_the_lowest_rank_and_among_equals_to_the_first() -> None:
    turns, order = Turns(), []
    assert turns.acquire(0, timeout=0)

    def wait(name: str, rank: float) -> None:
        assert turns.acquire(rank, timeout=10)
        order.append(name)
        turns.release()

    threads = []
    for name, rank in (("much", 1.0), ("first", 0.5), ("second", 0.5), ("least", 0.1)):
        threads.append(threading.Thread(target=wait, args=(name, rank)))
        threads[-1].start()
        while len(turns._waiting) < len(threads):
            time.sleep(0.001)
    turns.release()
    for thread in threads:
        thread.join()
    assert order == ["least", "first", "second", "much"]
    assert not turns.locked()


def test_who_no_longer_waits_is_not_given_a_turn() -> None:
    turns = Turns()
    assert turns.acquire(0, timeout=0)
    assert not turns.acquire(0, timeout=0.01)
    turns.release()
    assert not turns.locked()
    assert turns.acquire(1, timeout=0)


def test_turn_is_given_back_when_a_run_is_broken_off() -> None:
    with pytest.raises(KeyError), turn():
        raise KeyError
    assert not one_at_a_time._turn.locked()


def test_turn_within_a_turn_is_part_of_it() -> None:
    with turn():
        with turn(patience_s=5), aside():
            assert not one_at_a_time._turn.locked()
        assert one_at_a_time._turn.locked()
    assert not one_at_a_time._turn.locked()


def test_who_computes_something_long_lets_the_others_go_on() -> None:
    begun, done = threading.Event(), threading.Event()

    def compute_long() -> None:
        with turn(), aside():
            begun.set()
            assert done.wait(10)

    slow = threading.Thread(target=compute_long)
    slow.start()
    assert begun.wait(10)
    with turn(patience_s=10):  # at once, although the other has not finished
        assert one_at_a_time._turn.locked()
        assert slow.is_alive()
    done.set()
    slow.join()
    assert not one_at_a_time._turn.locked()
    assert not one_at_a_time._aside.locked()


def test_who_waits_for_another_process_lets_the_others_go_on_even_those_who_compute_something_long() -> None:
    with turn(), elsewhere():
        assert not one_at_a_time._turn.locked()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_compute_aside).result(10)
    assert not one_at_a_time._turn.locked()


def _compute_aside() -> bool:
    with turn(patience_s=10), aside():
        return True


def test_long_computations_run_one_after_the_other_and_get_their_turn_back() -> None:
    inside, most, turns = 0, 0, 0

    def compute(_: int) -> None:
        nonlocal inside, most, turns
        with turn(patience_s=10):
            with aside():
                inside += 1
                most = max(most, inside)
                time.sleep(0.005)
                inside -= 1
            turns += one_at_a_time._turn.locked()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(compute, range(16)))
    assert (most, turns) == (1, 16)
    assert not one_at_a_time._turn.locked()


def test_computing_aside_needs_no_turn() -> None:
    with aside():
        assert not one_at_a_time._turn.locked()
    with pytest.raises(KeyError), turn(), aside():
        raise KeyError
    assert not one_at_a_time._turn.locked()
    assert not one_at_a_time._aside.locked()
