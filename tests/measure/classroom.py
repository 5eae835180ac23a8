"""A lesson with faults: python -m tests.measure.classroom [--minutes 60] [--visitors 20] [--every 60]

Visitors draw on a real server while two trainings run beside it. Each --every seconds something goes wrong, in turns:
a run's folder is damaged, a training is killed and resumed, somebody uploads what is no picture, follows a link that
nobody should have made, or leaves in the middle of an answer. After each fault somebody opens the Train page, which
lists every run. In the end the server is asked to stop.

Prints what was met, and exits with 1 unless nothing failed: no visitor saw an error and the log holds no traceback;
memory and descriptors grew no more than they may after the first third; the trainings still ran; and no hidden or
temporary file is left behind among the runs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.measure.load import STOCK, Crowd
from tests.measure.usage import descriptors, memory
from tests.measure.visitor import VisitError, drawings, visit
from tests.servers import ROOT, Server, started_server

MOST_MB, MOST_DESCRIPTORS = 40.0, 10.0  # grown from the end of the first third on
THINK = 2.0  # seconds between two drawings of a visitor, on average
LONG = ("--minutes", "100", "--epochs", "100000")  # no training ends by itself


class Classroom:
    """A server with its runs, and everything that happens to it."""

    def __init__(self, server: Server, runs: Path) -> None:
        self.faults = 0
        self.problems: list[str] = []
        self._server = server
        self._runs = runs
        self._chance = random.Random(0)
        self._trainings = [self._train(runs / name) for name in ("ada", "ben")]

    def _train(self, folder: Path, *, resume: bool = False) -> tuple[Path, subprocess.Popen[bytes]]:
        how = ("--resume", folder) if resume else ("--run", folder, "--preset", "one-minute", *LONG)
        # `nice` becomes the training: to kill it kills that.
        command = ["nice", "-n", "10", sys.executable, "-m", "ram.train", *map(str, how), "--threads", "1"]
        return folder, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> list[str]:
        """Ends the trainings; returns those that had ended by themselves."""
        ended = [folder.name for folder, training in self._trainings if training.poll() is not None]
        for _, training in self._trainings:
            training.kill()
            training.wait()
        return [f"the training {name} had ended" for name in ended]

    async def go_wrong(self, until: float, *, every: float) -> None:
        """Lets something go wrong again and again."""
        faults = itertools.cycle((self._damage, self._kill, self._upload, self._follow_link, self._leave))
        while time.monotonic() + every < until:
            await asyncio.sleep(every)
            fault = next(faults)
            try:
                await fault()
                await self._open(page="train")
            except (VisitError, OSError) as error:
                self.problems.append(f"{fault.__name__.strip('_')}: {type(error).__name__}: {error}")
            self.faults += 1

    async def _open(self, *, query: str = "", page: str = "") -> None:
        async with visit(self._server.address, query=query) as visitor:
            await visitor.open(page=page)

    async def _damage(self) -> None:
        folder = self._runs / f"damaged-{self.faults}"
        folder.mkdir()
        kinds: list[Callable[[], object]] = [
            (folder / "lock").mkdir,
            lambda: (folder / "lock").symlink_to("lock"),
            lambda: (folder / "name.txt").write_bytes(b"\xff\xfe\x80"),
            lambda: (folder / "metrics.jsonl").write_bytes(b'{"epoch": 1e999, "validation_error": []}\n{"step"\n\x00'),
            lambda: (folder / "best.safetensors").write_bytes(os.urandom(5000)),
            lambda: (folder / "state.json").write_text("[[1]]", encoding="utf-8"),
        ]
        for make in self._chance.sample(kinds, 3):
            with contextlib.suppress(FileExistsError):
                make()

    async def _kill(self) -> None:
        number = self._chance.randrange(len(self._trainings))
        folder, training = self._trainings[number]
        training.kill()
        await asyncio.to_thread(training.wait)
        if (folder / "latest.safetensors").exists():
            self._trainings[number] = self._train(folder, resume=True)
        else:
            self._trainings[number] = self._train(folder.with_name(f"{folder.name}-{self.faults}"))

    async def _upload(self) -> None:
        stream = io.BytesIO()
        Image.fromarray(np.zeros((1, 9999), np.uint8)).save(stream, "PNG")
        files = [os.urandom(200_000), stream.getvalue(), stream.getvalue()[:60], b"", b"\x89PNG\r\n\x1a\n" + bytes(99)]
        async with visit(self._server.address) as visitor:
            await visitor.open()
            await visitor.give(self._chance.choice(files))

    async def _follow_link(self) -> None:
        links = ["sample=" + 4301 * "9", "model=damaged-0&digits=hardest", "x=nan&y=1e999&seed=-1", "picture=%ff%00"]
        await self._open(query=self._chance.choice(links))

    async def _leave(self) -> None:
        async with visit(self._server.address) as visitor:
            opening = asyncio.create_task(visitor.open())
            await asyncio.sleep(self._chance.uniform(0, 0.1))
            opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await opening


@contextlib.asynccontextmanager
async def _watched(process: int) -> AsyncIterator[list[tuple[float, float]]]:
    """(MB, descriptors) of a process, each two seconds."""
    samples: list[tuple[float, float]] = []

    async def sample() -> None:
        while True:
            samples.append((memory(process), descriptors(process)))
            await asyncio.sleep(2)

    watching = asyncio.create_task(sample())
    yield samples
    watching.cancel()


async def hold_lesson(server: Server, room: Classroom, *, minutes: float, visitors: int, every: float) -> list[str]:
    """Lets the lesson take place; returns what failed."""
    stock = drawings(STOCK)
    crowd = Crowd([server.address], visitors, think=THINK, stock=stock)
    async with crowd.inside(), _watched(server.process.pid) as samples:
        seconds = 60 * minutes
        both: list[Awaitable[None]] = [
            crowd.draw(seconds),
            room.go_wrong(time.monotonic() + seconds, every=every),
        ]
        await asyncio.gather(*both)
    third = len(samples) // 3
    # Not the beginning: models are loaded, pictures fill their shelf, and Streamlit keeps the sessions of those who
    # left for two minutes, each with three descriptors.
    first, last = np.mean(samples[third : third + third // 2], axis=0), np.mean(samples[-third // 2 :], axis=0)
    end = np.percentile([run.end for run in crowd.runs], [50, 95])
    print(f"{len(crowd.runs)} drawings, {room.faults} faults; to the end of an answer {end[0]:.0f} / {end[1]:.0f} ms")
    print(f"memory {first[0]:.0f} → {last[0]:.0f} MB, descriptors {first[1]:.0f} → {last[1]:.0f}")
    problems = [*room.problems, *(f"{count}× {text}" for text, count in crowd.errors.items())]
    for name, grown, most in zip(("MB", "descriptors"), last - first, (MOST_MB, MOST_DESCRIPTORS), strict=True):
        if grown > most:
            problems.append(f"{grown:.0f} {name} more than after the first third")
    return problems


def left_behind(runs: Path) -> list[str]:
    """Hidden and temporary files among the runs, apart from the lock of the process that watches them."""
    return [
        f"left behind: {path.relative_to(runs)}"
        for path in runs.rglob("*")
        if (path.name.startswith(".") and path.name != ".supervisor") or path.suffix in (".tmp", ".part")
    ]


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--every", type=float, default=60, help="seconds between two faults")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, runs = Path(place), Path(place) / "runs"
        runs.mkdir()
        with started_server(folder) as server:
            room = Classroom(server, runs)
            try:
                how = {"minutes": options.minutes, "every": options.every}
                problems = asyncio.run(hold_lesson(server, room, visitors=options.visitors, **how))
            finally:
                ended = room.stop()
            problems += ended
            server.process.send_signal(signal.SIGTERM)
            if server.process.wait(timeout=20) not in (0, -signal.SIGTERM):
                problems.append(f"the server ended with {server.process.returncode}")
        log = (folder / "log").read_text(encoding="utf-8", errors="replace")
        problems += left_behind(runs)
        if count := log.count("Traceback"):
            problems.append(f"{count} tracebacks in the log, the last of them:\n{log[log.rfind('Traceback') :][:3000]}")
    print("\n".join(problems) or "nothing failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
