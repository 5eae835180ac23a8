"""A session that makes the server compute much waits, and the others do not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.server import allowance
from app.server.allowance import (
    AT_ONCE_S,
    COMING_S,
    COMPANY_S,
    LONGEST_WAIT_S,
    MOST_ACCOUNTS,
    NEWCOMERS_AT_ONCE_S,
    SHARE,
    WELCOME_S,
    Allowances,
)

LONG_AGO = -1000.0


def with_company(now: float) -> Allowances:
    """Two who came long ago, and have just computed a little."""
    allowances = Allowances()
    for session in ("own", "other"):
        allowances.charge(session, 0.02, LONG_AGO)
    for session in ("own", "other"):
        allowances.charge(session, 0.0, now)
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
    assert allowances.wait("own", 0.4) == pytest.approx(0.1 / SHARE - 0.4)
    assert allowances.wait("own", 0.1 / SHARE) == pytest.approx(0.0)
    allowances.charge("own", 100, 1.0)
    assert allowances.wait("own", 1.0) == pytest.approx(LONGEST_WAIT_S)


def test_nobody_waits_who_is_alone() -> None:
    allowances = with_company(0)
    allowances.charge("own", AT_ONCE_S + 0.4, 0)
    assert allowances.wait("own", COMPANY_S - 0.1) > 0
    assert allowances.wait("own", COMPANY_S) == 0


def test_session_that_has_rested_has_all_of_its_part_again_and_not_more() -> None:
    allowances = with_company(0)
    allowances.charge("own", AT_ONCE_S, 0)
    rested = 2 * AT_ONCE_S / SHARE
    allowances.charge("other", 0.02, rested)
    allowances.charge("own", AT_ONCE_S, rested)
    assert allowances.wait("own", rested) == 0
    allowances.charge("own", 0.01, rested)
    assert allowances.wait("own", rested) == pytest.approx(0.01 / SHARE)


def test_class_that_opens_the_page_at_once_waits_for_nothing_and_draws() -> None:
    allowances = Allowances()
    for number in range(30):
        assert allowances.wait(f"pupil {number}", 0) == 0
        allowances.charge(f"pupil {number}", 0.05, 0)
    for number in range(30):
        allowances.charge(f"pupil {number}", 0.02, 0)
        assert allowances.wait(f"pupil {number}", 0) == 0


def test_newcomers_share_one_part_so_that_opening_the_page_again_is_no_way_around() -> None:
    allowances = with_company(0)
    left = NEWCOMERS_AT_ONCE_S
    for number in range(200):
        assert (allowances.wait("another stranger", 0) > 0) == (left < 0)
        allowances.charge(f"stranger {number}", 0.051, 0)
        left -= 0.051 + COMING_S + allowances._accounts[f"stranger {number}"].left(0)
    allowances.charge("another stranger", NEWCOMERS_AT_ONCE_S, 0)
    assert allowances.wait("a third stranger", 0) == LONGEST_WAIT_S
    assert allowances.wait("own", 0) == 0


def test_who_comes_again_and_again_gets_half_of_the_newcomers_part_and_then_nothing_along() -> None:
    allowances = with_company(0)
    gifts = 0.0
    for number in range(1000):
        session = f"stranger {number}"
        allowances.charge(session, 0.05, 0)
        gifts += allowances._accounts[session].left(0)
    assert allowances.wait(session, 0) == 0
    allowances.charge(session, 0.01, 0)
    assert allowances.wait(session, 0) == pytest.approx(0.01 / SHARE)
    assert NEWCOMERS_AT_ONCE_S / 4 < gifts <= NEWCOMERS_AT_ONCE_S / 2


def test_pupil_who_has_listened_for_an_hour_has_not_just_come() -> None:
    allowances = with_company(0)
    allowances.charge("other", 0.02, 3600)
    allowances.charge("own", AT_ONCE_S, 3600)
    assert allowances.wait("own", 3600) == 0


def test_sessions_without_number_are_forgotten_those_first_that_have_computed_nothing_for_longest() -> None:
    allowances = with_company(0)
    for number in range(MOST_ACCOUNTS):
        allowances.charge("own", 0.0, number)
        allowances.charge(f"stranger {number}", 0.05, number)
    assert len(allowances._accounts) == MOST_ACCOUNTS
    assert "own" in allowances._accounts
    assert "other" not in allowances._accounts


def test_who_has_used_least_of_their_part_comes_first() -> None:
    allowances = with_company(0)
    assert allowances.rank("own", 0) == pytest.approx(0)
    allowances.charge("own", AT_ONCE_S / 2, 0)
    assert allowances.rank("own", 0) == pytest.approx(0.5)
    allowances.charge("own", AT_ONCE_S, 0)
    assert allowances.rank("own", 0) > 1
    assert allowances.rank("somebody new", 0) == pytest.approx(0)
    allowances.charge("somebody new", NEWCOMERS_AT_ONCE_S / 4 - COMING_S - WELCOME_S, 0)
    assert allowances.rank("somebody else", 0) == pytest.approx(0.25)


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
