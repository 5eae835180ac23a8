"""A session that makes the server compute much waits, and the others do not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.server import allowance
from app.server.allowance import AT_ONCE_S, COMPANY_S, LONGEST_WAIT_S, SHARE, Allowances


def with_company(now: float) -> Allowances:
    """Two who have just come."""
    allowances = Allowances()
    allowances.charge("own", 0.02, now)
    allowances.charge("other", 0.02, now)
    return allowances


def test_session_computes_at_once_until_it_has_taken_its_part() -> None:
    allowances = with_company(0)
    allowances.charge("own", AT_ONCE_S - 0.1, 0)
    assert allowances.wait("own", 0) == 0
    allowances.charge("own", 0.2, 0)
    assert allowances.wait("own", 0) == pytest.approx(0.1 / SHARE)
    assert allowances.wait("other", 0) == 0
    assert allowances.wait("another", 0) == 0


def test_waiting_pays_a_debt_and_never_takes_long() -> None:
    allowances = with_company(0)
    allowances.charge("own", AT_ONCE_S + 0.1, 0)
    assert allowances.wait("own", 0.4) == pytest.approx(0.6)
    assert allowances.wait("own", 1.0) == pytest.approx(0.0)
    allowances.charge("own", 100, 1.0)
    assert allowances.wait("own", 1.0) == pytest.approx(LONGEST_WAIT_S)


def test_nobody_waits_who_is_alone() -> None:
    allowances = with_company(0)
    allowances.charge("own", AT_ONCE_S + 0.4, 0)
    assert allowances.wait("own", COMPANY_S - 0.1) > 0
    assert allowances.wait("own", COMPANY_S) == 0


def test_session_that_has_rested_has_all_of_its_part_again_and_not_more() -> None:
    allowances = with_company(0)
    allowances.charge("own", 1.0, 0)
    allowances.charge("other", 0.02, 50)
    allowances.charge("own", AT_ONCE_S, 50)
    assert allowances.wait("own", 50) == 0
    allowances.charge("own", 0.01, 50)
    assert allowances.wait("own", 50) == pytest.approx(0.01 / SHARE)


def test_newcomers_share_one_part_so_that_opening_the_page_again_is_no_way_around() -> None:
    allowances = with_company(0)
    for number in range(30):  # a class
        assert allowances.wait(f"pupil {number}", 0) == 0
        allowances.charge(f"pupil {number}", 0.3, 0)
    for number in range(10):
        allowances.charge(f"stranger {number}", 0.3, 0)
    assert allowances.wait("another stranger", 0) == LONGEST_WAIT_S
    assert allowances.wait("own", 0) == allowances.wait("pupil 29", 0) == 0


def test_only_computing_is_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[float] = []

    def note(_session: str, seconds: float, _now: float) -> None:
        charged.append(seconds)

    def compute(seconds: float) -> None:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    monkeypatch.setattr(allowance._allowances, "charge", note)
    with allowance.kept():
        pass
    for work, expected in ((lambda: compute(0.05), 0.05), (lambda: time.sleep(0.2), 0.0)):
        _run(work)
        assert charged[-1] == pytest.approx(expected, abs=0.02)


def _run(work: Callable[[], None]) -> None:
    with allowance.kept():
        work()
