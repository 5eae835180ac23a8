"""A process beside the server, for what takes memory, and Python's lock for so long that all visitors would wait.

The first question starts it. It answers one at a time, after drawings and before trainings, is ended if it takes too
long, and ends by itself when the server does: nobody is left to ask.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple, cast

from app.server.limits import PROJECT

if sys.platform != "win32":
    import resource

DEADLINE_S = 30.0
PRIORITY = 8  # nice: after drawings, and before trainings, which have 10
MEMORY_PRIORITY = 500  # where memory runs out, Linux ends it before the server (proc(5), oom_score_adj)
_QUESTION = struct.Struct("!Q")  # its length
_ANSWER = struct.Struct("!?dQ")  # whether it failed, the seconds it computed, the length of what it says
_LONGEST_TRACEBACK = 1500  # bytes


class Answer(NamedTuple):
    """What a helper says."""

    content: bytes
    seconds: float
    """Of a core, that it took."""


class HelperError(Exception):
    """A question that was not answered; the message is for the log."""

    def __init__(self, problem: str, seconds: float = 0.0) -> None:
        super().__init__(problem)
        self.seconds = seconds
        """Of a core, that it took at most."""


class HelperTimeoutError(HelperError):
    """It would have taken too long."""


class HelperBusyError(HelperError):
    """Others were asking for too long."""


class Helper:
    """A module that calls `serve`, run as a process.

    Args:
        module: its full name.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def ask(self, question: bytes, *, deadline_s: float = DEADLINE_S) -> Answer:
        """Waits for the answer; any number of threads may ask.

        Args:
            question: what `answer` gets in the process.
            deadline_s: how long the answer may take, and how long to wait for others to be answered.

        Raises:
            HelperError: there is none.
        """
        if not self._lock.acquire(timeout=deadline_s):
            raise HelperBusyError(f"{self._module} was busy for {deadline_s:g} s")
        begun = time.monotonic()
        try:
            was_there = self._process is not None
            answer = self._ask(question, deadline_s)
            if answer is None and was_there:  # It was ended since the last question: another one will answer.
                answer = self._ask(question, deadline_s)
        finally:
            self._lock.release()
        if answer is None:
            raise HelperError(f"{self._module} ended while it was asked", time.monotonic() - begun)
        return answer

    def close(self) -> None:
        """Ends the process; the next question starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in _streams(process):
                with contextlib.suppress(OSError):  # a part of a question that nobody reads any more
                    stream.close()

    def _ask(self, question: bytes, deadline_s: float) -> Answer | None:
        """Returns None if the process has ended instead of answering."""
        process = self._process = self._process or self._start()
        begun, clock = time.monotonic(), threading.Timer(deadline_s, process.kill)
        clock.start()
        try:
            return _exchange(*_streams(process), question)
        except (OSError, EOFError):
            self.close()
            if time.monotonic() - begun < deadline_s:
                return None
            raise HelperTimeoutError(f"{self._module} took more than {deadline_s:g} s", deadline_s) from None
        finally:
            clock.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603, our own command
                [sys.executable, "-m", self._module],
                cwd=PROJECT,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # Windows' way
            )
        except OSError as error:
            raise HelperError(f"{self._module} could not be started: {error}") from error


def serve(answer: Callable[[bytes], bytes], *, memory: int) -> None:
    """Answers questions until there are no more; what runs in the process.

    Args:
        answer: makes an answer of a question.
        memory: bytes that it may take for that, where the system can limit them.
    """
    _step_back(memory)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(_QUESTION.size)) == _QUESTION.size:
        question = questions.read(*_QUESTION.unpack(head))
        begun = time.process_time()
        try:
            said, has_failed = answer(question), False
        except Exception:  # whatever goes wrong: the server writes it into its log
            said, has_failed = traceback.format_exc().encode()[-_LONGEST_TRACEBACK:], True
        answers.write(_ANSWER.pack(has_failed, time.process_time() - begun, len(said)) + said)
        answers.flush()


def _step_back(memory: int) -> None:
    """Lets the server and others go first, and takes no more memory than this beside what it has."""
    if sys.platform != "win32":
        os.nice(PRIORITY)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(MEMORY_PRIORITY), encoding="ascii")
            taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            _, most = resource.getrlimit(resource.RLIMIT_AS)
            wanted = taken + memory
            resource.setrlimit(resource.RLIMIT_AS, (wanted if most < 0 else min(wanted, most), most))


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    return cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)


def _exchange(questions: IO[bytes], answers: IO[bytes], question: bytes) -> Answer:
    questions.write(_QUESTION.pack(len(question)))
    questions.write(question)
    questions.flush()
    has_failed, seconds, length = _ANSWER.unpack(_whole(answers, _ANSWER.size))
    said = _whole(answers, length)
    if has_failed:
        raise HelperError(said.decode(errors="replace"), seconds)
    return Answer(said, seconds)


def _whole(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content
