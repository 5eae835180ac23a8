"""How much one session may make the server compute while others are there: whoever asks for more waits.

Whatever is asked for, a drawing or a hundred clicks a second, costs a session its own time and not the others'.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from streamlit.runtime.scriptrunner import get_script_run_ctx

AT_ONCE_S = 2.0  # that a session may compute without waiting: some fifty drawings
SHARE = 0.1  # of a core, in the long run
NEWCOMERS_AT_ONCE_S = 10.0  # the same for all who have just come, together: a class that opens the page at once ...
NEWCOMERS_SHARE = 0.2  # ... and somebody who opens it again and again
LONGEST_WAIT_S = 5.0
COMPANY_S = 3.0  # after which somebody who computes nothing counts as gone
FORGOTTEN_S = 60.0  # after which such a session is as one who never came


class Account:
    """Seconds of a core that may still be computed; times are those of one clock."""

    def __init__(self, most: float, share: float, now: float) -> None:
        self.at = now
        """When it was used last."""
        self._most, self._share, self._left = most, share, most

    def charge(self, seconds: float, now: float) -> None:
        """Notes what was computed."""
        self._left = max(self._left_at(now) - seconds, -LONGEST_WAIT_S * self._share)
        self.at = now

    def wait(self, now: float) -> float:
        """Seconds until there is something left."""
        return max(-self._left_at(now) / self._share, 0.0)

    def _left_at(self, now: float) -> float:
        return min(self._left + self._share * (now - self.at), self._most)


class Allowances:
    """The accounts of all sessions; what a session computes first is charged to all newcomers together."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._newcomers = Account(NEWCOMERS_AT_ONCE_S, NEWCOMERS_SHARE, 0.0)
        self._lock = threading.Lock()

    def charge(self, session: str, seconds: float, now: float) -> None:
        """Notes what a session has computed."""
        with self._lock:
            self._accounts.get(session, self._newcomers).charge(seconds, now)
            self._accounts = {
                name: account for name, account in self._accounts.items() if now - account.at < FORGOTTEN_S
            }
            self._accounts.setdefault(session, Account(AT_ONCE_S, SHARE, now))

    def wait(self, session: str, now: float) -> float:
        """Seconds that a session has to wait before it computes; none while it is alone."""
        with self._lock:
            company = any(name != session and now - account.at < COMPANY_S for name, account in self._accounts.items())
            return self._accounts.get(session, self._newcomers).wait(now) if company else 0.0


_allowances = Allowances()
_charged = threading.local()


def this_session() -> str:
    """Streamlit's name for the session whose script this thread runs; empty if it runs none."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


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
