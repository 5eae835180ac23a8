"""A log that somebody tries to fill."""

from __future__ import annotations

import io
import logging

from app.server.log import BURST, DAILY, DAY_S, LONGEST, Spare


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def logger(clock: Clock) -> tuple[logging.Logger, io.StringIO]:
    """A logger of its own that writes into a text."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(Spare(clock))
    log = logging.Logger("test")
    log.addHandler(handler)
    return log, text


def test_one_place_logs_so_much_and_no_more_while_others_go_on() -> None:
    log, text = logger(Clock())
    for _ in range(10_000):
        warn(log, "x" * 100)
    assert text.getvalue() == f"{'x' * 100}\n" * (BURST // 100)
    log.warning("another place")
    assert text.getvalue().endswith("another place\n")


def warn(log: logging.Logger, text: str) -> None:
    log.warning(text)


def test_what_was_left_out_is_counted() -> None:
    clock = Clock()
    log, text = logger(clock)
    for _ in range(BURST // 1000 + 7):
        warn(log, "x" * 1000)
    clock.now += 1010 * DAY_S / DAILY
    warn(log, "y" * 1000)
    assert text.getvalue().splitlines()[-1] == "y" * 1000 + " (7 more like this were left out)"


def test_long_message_is_shortened_and_a_percent_sign_survives() -> None:
    log, text = logger(Clock())
    warn(log, "100 % " + "x" * 10_000)
    assert text.getvalue() == f"100 % {'x' * (LONGEST - 6)} …\n"


def test_a_day_of_noise_stays_small() -> None:
    clock = Clock()
    log, text = logger(clock)
    for _ in range(100_000):
        clock.now += DAY_S / 100_000
        warn(log, "x" * 500)
    assert len(text.getvalue()) < BURST + DAILY + 100_000
