"""Keeps the server's log small: whoever causes the same line again and again does not fill the disk with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

BURST = 20_000  # characters that one place in the code may log at once
DAILY = 1_000_000  # and in a day
LONGEST = 2_000  # of one message; the traceback that may follow has its own length
TRACEBACK = 4_000  # what a traceback counts as
DAY_S = 86_400.0


class Spare(logging.Filter):
    """Lets each place in the code log as much as it may, and then says how much was left out.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._places: dict[tuple[str, int], tuple[float, float, int]] = {}
        """What each may still log, since when, and how many records were left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is logged; shortens it."""
        text = record.getMessage()
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
        place, now = (record.pathname, record.lineno), self._clock()
        left, since, omitted = self._places.get(place, (BURST, now, 0))
        left = min(BURST, left + (now - since) * DAILY / DAY_S)
        cost = len(text) + (TRACEBACK if record.exc_info else 0)
        if cost > left:
            self._places[place] = (left, now, omitted + 1)
            return False
        self._places[place] = (left - cost, now, 0)
        record.msg, record.args = f"{text} ({omitted:,} more like this were left out)" if omitted else text, ()
        return True


def spare_the_disk() -> None:
    """Puts a `Spare` before everything that writes log records, those of Streamlit and its server among them."""
    spare = Spare()
    known = logging.root.manager.loggerDict.values()
    loggers = [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]
    for handler in {handler for logger in loggers for handler in logger.handlers} | {logging.lastResort}:
        if handler is not None:
            handler.addFilter(spare)
