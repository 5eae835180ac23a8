"""How much one session may make the server compute while others are there: whoever asks for more waits.

Whatever is asked for, a drawing or a hundred clicks a second, costs a session its own time and not the others'.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from streamlit.runtime.scriptrunner import get_script_run_ctx

AT_ONCE_S = 2.0  # that a session may compute without waiting: a hundred drawings
SHARE = 0.05  # of a core, in the long run: five times as much as somebody takes who draws every two seconds
NEWCOMERS_AT_ONCE_S = 10.0  # the same for all who have just come, together: a class that opens the page at once ...
NEWCOMERS_SHARE = 0.1  # ... and somebody who opens it again and again
WELCOME_S = 0.1  # that a newcomer may take along, for the first drawings, as long as half of that is left
COMING_S = 0.01  # that the server's own thread computes for somebody who comes and goes
LONGEST_WAIT_S = 5.0
COMPANY_S = 3.0  # after which somebody who computes nothing counts as gone
MOST_ACCOUNTS = 500  # sessions that are remembered; whoever has computed nothing for longest is a newcomer again


class Account:
    """Seconds of a core that may still be computed; times are those of one clock."""

    def __init__(self, most: float, share: float, now: float, *, left: float | None = None) -> None:
        self.at = now
        """When it was used last."""
        self._most, self._share, self._left = most, share, most if left is None else left

    def charge(self, seconds: float, now: float) -> None:
        """Notes what was computed."""
        self._left = max(self.left(now) - seconds, -LONGEST_WAIT_S * self._share)
        self.at = now

    def wait(self, now: float) -> float:
        """Seconds until there is something left."""
        return max(-self.left(now) / self._share, 0.0)

    def left(self, now: float) -> float:
        """Seconds that are left; below 0 if more has been computed."""
        return min(self._left + self._share * (now - self.at), self._most)

    def used(self, now: float) -> float:
        """Which part of `most` is not there: 0 after a long rest, 1 if nothing is left."""
        return 1 - self.left(now) / self._most


class Allowances:
    """The accounts of all sessions; what a session computes first is charged to all newcomers together."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        """Those last that were used last."""
        self._newcomers = Account(NEWCOMERS_AT_ONCE_S, NEWCOMERS_SHARE, 0.0)
        self._lock = threading.Lock()

    def charge(self, session: str, seconds: float, now: float) -> None:
        """Notes what a session has computed."""
        with self._lock:
            account = self._accounts.pop(session, None)
            if account is None:
                account = self._welcome(seconds, now)
            else:
                account.charge(seconds, now)
            self._accounts[session] = account
            if len(self._accounts) > MOST_ACCOUNTS:
                del self._accounts[next(iter(self._accounts))]

    def wait(self, session: str, now: float) -> float:
        """Seconds that a session has to wait before it computes; none while it is alone."""
        with self._lock:
            others = (account for name, account in reversed(self._accounts.items()) if name != session)
            latest = next(others, None)
            is_alone = latest is None or now - latest.at >= COMPANY_S
            return 0.0 if is_alone else self._of(session).wait(now)

    def rank(self, session: str, now: float) -> float:
        """Who computes first where several want to: the one with the lowest."""
        with self._lock:
            return self._of(session).used(now)

    def _of(self, session: str) -> Account:
        return self._accounts.get(session, self._newcomers)

    def _welcome(self, seconds: float, now: float) -> Account:
        """An account with something in it, so that who comes again and again does not get all of it each time."""
        spare = self._newcomers.left(now) - seconds - COMING_S - NEWCOMERS_AT_ONCE_S / 2
        gift = min(max(spare, 0.0), WELCOME_S)
        self._newcomers.charge(seconds + COMING_S + gift, now)
        return Account(AT_ONCE_S, SHARE, now, left=gift)


_allowances = Allowances()
_charged = threading.local()


def this_session() -> str:
    """Streamlit's name for the session whose script this thread runs; empty if it runs none."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def wait_of(session: str) -> float:
    """Seconds that a session has to wait before anything is done for it."""
    return _allowances.wait(session, time.monotonic())


def charge(session: str, seconds: float) -> None:
    """Charges a session with what was computed for it outside of its script."""
    _allowances.charge(session, seconds, time.monotonic())


def rank() -> float:
    """Who computes first where several want to: the session with the lowest rank."""
    return _allowances.rank(this_session(), time.monotonic())


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Waits until this session may compute, and charges it with all that this thread has computed."""
    session = this_session()
    time.sleep(_allowances.wait(session, time.monotonic()))
    try:
        yield
    finally:
        spent = time.thread_time()
        _allowances.charge(session, spent - getattr(_charged, "until", 0.0), time.monotonic())
        _charged.until = spent


def charge_aside(seconds: float) -> None:
    """Charges this session with what another process has computed for it, too: this thread's next `kept` does."""
    _charged.until = getattr(_charged, "until", 0.0) - seconds
