"""The process beside the server: it answers, and whatever happens to it, the next question is answered, too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.server.helper import (
    MEMORY_PRIORITY,
    PRIORITY,
    Helper,
    HelperBusyError,
    HelperError,
    HelperTimeoutError,
)
from tests.app.server.odd_helper import MEMORY
from tests.processes import wait_until
from tests.servers import ROOT

MODULE = "tests.app.server.odd_helper"
ASKER = f"""
from app.server.helper import Helper
helper = Helper({MODULE!r})
print(helper.ask(b"who").content.decode(), flush=True)
input()
"""


@pytest.fixture
def helper() -> Iterator[Helper]:
    helper = Helper(MODULE)
    yield helper
    helper.close()


def who(helper: Helper) -> int:
    """The number of its process."""
    return int(helper.ask(b"who").content)


def is_there(process: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_process_answers_all_and_each_gets_its_own_answer(helper: Helper) -> None:
    words = [b"%d " % number + bytes(100_000) for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda word: helper.ask(b"say " + word).content, words))
        assert answers == words
        assert len(set(pool.map(lambda _: who(helper), range(8)))) == 1
    assert helper.ask(b"say ").content == b""


def test_what_it_computes_is_told(helper: Helper) -> None:
    assert 0.1 <= helper.ask(b"compute 0.1").seconds < 1
    assert helper.ask(b"say nothing").seconds < 0.1


def test_process_that_was_ended_meanwhile_is_replaced(helper: Helper) -> None:
    before = who(helper)
    os.kill(before, signal.SIGKILL)
    assert who(helper) != before


def test_question_that_ends_the_process_is_given_up_and_the_next_is_answered(helper: Helper) -> None:
    for _ in range(2):
        with pytest.raises(HelperError, match="ended"):
            helper.ask(b"die")
        assert helper.ask(b"say so").content == b"so"


def test_what_takes_too_long_is_ended(helper: Helper) -> None:
    before = who(helper)
    with pytest.raises(HelperTimeoutError) as error:
        helper.ask(b"sleep", deadline_s=0.2)
    assert error.value.seconds == 0.2
    assert not is_there(before)
    assert who(helper) != before


def test_who_waits_too_long_for_others_is_told_so(helper: Helper) -> None:
    with helper._lock, pytest.raises(HelperBusyError):
        helper.ask(b"who", deadline_s=0.1)


def test_error_in_the_process_is_told_and_does_not_end_it(helper: Helper) -> None:
    before = who(helper)
    with pytest.raises(HelperError, match="RuntimeError: an odd question"):
        helper.ask(b"fail")
    assert who(helper) == before


def test_module_that_cannot_be_run_is_an_error() -> None:
    with pytest.raises(HelperError, match="ended"):
        Helper("tests.app.server.no_such_helper").ask(b"who")


def test_it_takes_no_more_memory_than_it_may_and_steps_back(helper: Helper) -> None:
    assert helper.ask(b"take %d" % (MEMORY // 2)).content == b"%d" % (MEMORY // 2)
    with pytest.raises(HelperError, match="MemoryError"):
        helper.ask(b"take %d" % (2 * MEMORY))
    process = who(helper)
    assert os.getpriority(os.PRIO_PROCESS, process) == min(os.getpriority(os.PRIO_PROCESS, 0) + PRIORITY, 19)
    assert int(Path(f"/proc/{process}/oom_score_adj").read_text(encoding="ascii")) == MEMORY_PRIORITY


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_whoever_asks(end: signal.Signals) -> None:
    asker = subprocess.Popen([sys.executable, "-c", ASKER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with asker:
        assert asker.stdout is not None
        process = int(asker.stdout.readline())
        assert is_there(process)
        asker.send_signal(end)
        asker.wait(60)
    wait_until(lambda: not is_there(process))
