"""Makes damaged checkpoints and run folders by the thousand, and uses them: python -m tests.measure.damaged

Nothing may raise what it does not document, take more than two seconds or more than 300 MB. Prints what did, with the
number that makes the same case again (--first), and exits with 1 if there was any.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch

from app.runs.jobs import Jobs
from app.server.limits import read_limits
from ram.data.mnist import Digits, load_mnist
from tests.damage import bent_tensors, damage_folder, good_checkpoint, use_checkpoint, use_run
from tests.ram.short_run import make_trainer, train
from tests.servers import write_limits

LONGEST_S, MOST_MB, HANGS_S = 2.0, 300.0, 120


class Report(NamedTuple):
    """What came of many cases."""

    cases: int
    accepted: int
    """Checkpoints that could be used, or runs that could be resumed."""
    problems: list[str]


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=int, default=2500, help="how many")
    parser.add_argument("--folders", type=int, default=2500, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # Streamlit complains that there is no browser
    digits = load_mnist("train").take(torch.arange(1000))
    clean = True
    kinds = (("checkpoints", damaged_checkpoints, options.checkpoints), ("folders", damaged_folders, options.folders))
    for name, try_all, count in kinds:
        with tempfile.TemporaryDirectory() as folder:
            report = try_all(Path(folder), digits, range(options.first, options.first + count))
        print(
            f"{name}: {report.cases} damaged, {report.accepted} accepted, {len(report.problems)} problems", flush=True
        )
        for problem, times in collections.Counter(report.problems).most_common():
            print(f"  {times} × {problem}")
        clean = clean and not report.problems
    return 0 if clean else 1


def damaged_checkpoints(folder: Path, digits: Digits, cases: range) -> Report:
    """Tries checkpoints."""
    problems: list[str] = []
    accepted = 0
    for case in cases:
        random, path = Random(case), folder / "it.safetensors"
        path.write_bytes(bent_tensors(good_checkpoint(path, random), random))
        with _watched(case, problems):
            accepted += use_checkpoint(path, digits, random)
    return Report(len(cases), accepted, problems)


def damaged_folders(folder: Path, digits: Digits, cases: range) -> Report:
    """Tries the folders of runs that were stopped in the middle, beside one that is whole."""
    os.environ["GLIMPSE_LIMITS"] = str(write_limits(folder))
    good = make_trainer(folder / "good", digits)
    train(good, 5)
    shutil.copytree(good.folder.path, folder / "runs" / "other")
    jobs = Jobs(read_limits(), keep_s=0.0)
    problems: list[str] = []
    accepted = 0
    for case in cases:
        random, path = Random(case), folder / "runs" / "damaged"
        shutil.copytree(good.folder.path, path)
        if random.random() < 0.3:
            shutil.copy(good.folder.best, path / "start.safetensors")
        path = damage_folder(path, random)
        with _watched(case, problems):
            accepted += use_run(jobs, path, digits, random)
        shutil.rmtree(path, ignore_errors=True)
    jobs.close()
    return Report(len(cases), accepted, problems)


@contextlib.contextmanager
def _watched(case: int, problems: list[str]) -> Iterator[None]:
    """Notes what a case raises, if it should not, and whether it takes too much time or memory."""
    before, start = _peak_mb(reset=True), time.process_time()
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(HANGS_S)
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        problems.append(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {str(error)[:120]}")
        print(f"case {case}: {problems[-1]}", flush=True)
        if os.environ.get("TRACE"):
            traceback.print_exception(error)
    finally:
        signal.alarm(0)
    took, peak = time.process_time() - start, _peak_mb() - before
    if took > LONGEST_S:
        problems.append(f"over {LONGEST_S:g} s")
        print(f"case {case}: {took:.1f} s of CPU", flush=True)
    if peak > MOST_MB:
        problems.append(f"over {MOST_MB:g} MB")
        print(f"case {case}: {peak:.0f} MB", flush=True)


def _hangs(_number: int, _frame: object) -> None:
    raise TimeoutError(f"it hangs for more than {HANGS_S} seconds")


def _peak_mb(*, reset: bool = False) -> float:
    """The most memory that this process has had since the last reset, or now."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
