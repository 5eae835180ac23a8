"""How many can draw at a time: python -m tests.measure.load [--sessions 1 10 30 100] [--seconds 30] [--servers 1]

Sessions without browsers speak Streamlit's own protocol over real websockets to a server that is started for each
number of them, or to --url. With several --servers they are dealt out evenly, as nginx does (docs/replicas.md). Each
opens the Draw page and then draws: it sends what the canvas component sends, a PNG of the canvas and the stroke,
waits until the script has finished, and thinks for --think seconds on average. Every drawing differs from the others
of its session, and the answer must hold a new look of the model.

In between, in turns of some seconds, as many visitors draw on the least page of Streamlit's that has the canvas and a
viewer (`bare_page.py`). So the app's CPU a drawing and its p95 have something to be divided by, which was as slow as
the machine was in the same minutes; --alone leaves this out.

Prints milliseconds from sending the drawing until the viewer's new scene has arrived ("look") and until the script
has finished ("end").
Memory is the servers' resident set, sampled each second: per session above that of servers that have answered one
session each; growth is that of the last minute's mean above the third minute's (or of thirds of a shorter measurement).
So --sessions 30 --seconds 600 shows whether a lesson leaves something behind. The columns of CPU say whether this
process or the server was the bottleneck: 100 % is one core, and a process in Python that is near it is. CPU a drawing
hardly depends on what else the machine does; a thousand milliseconds divided by it is what one server can answer in a
second at most.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from websockets.exceptions import WebSocketException

from tests.measure.usage import memory, processor_time
from tests.measure.visitor import Run, VisitError, Visitor, drawings, visit
from tests.servers import started_server

STOCK = 1000  # drawings made beforehand: making one costs as much as answering it
LARGEST_P95 = {30: 100.0, 100: 300.0}  # milliseconds, by sessions
TURN = 6.0  # seconds that one of the two pages is drawn on before the other is
MOST_CPU, LARGEST_P95_RATIO = 2.0, 2.5  # times the bare page's; the latter with RATIO_SESSIONS
RATIO_SESSIONS = 30
BARE_PAGE = "tests/measure/bare_page.py"
LARGEST_SESSION = 2.0  # MB
SETTLING = 120.0  # seconds until the shelf of pictures (app/shelf.py) is full
LARGEST_GROWTH = 0.02  # share of the server's memory in ten minutes: what its allocator moves by anyway


class Crowd:
    """Several sessions at the same time, and what they meet."""

    def __init__(self, addresses: list[str], size: int, *, think: float, stock: list[str]) -> None:
        self.size = size
        self.opened = 0.0
        """Seconds until all had the page."""
        self.runs: list[Run] = []
        self.errors: collections.Counter[str] = collections.Counter()
        self._addresses = addresses
        self._think = think
        self._stock = stock
        self._visitors: list[Visitor] = []
        self._numbers = [itertools.count(37 * index) for index in range(size)]  # neighbours draw different things

    @contextlib.asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """Lets everybody open the page at once, as at the beginning of a lesson; they leave in the end."""
        async with contextlib.AsyncExitStack() as stack:

            async def enter(index: int) -> Visitor:
                address = self._addresses[index % len(self._addresses)]
                visitor = await stack.enter_async_context(visit(address))
                await visitor.open()
                await self.begin(visitor, index)
                return visitor

            begun = time.monotonic()
            self._visitors = list(await asyncio.gather(*(enter(index) for index in range(self.size))))
            self.opened = time.monotonic() - begun
            yield

    async def begin(self, visitor: Visitor, index: int) -> None:
        """What a visitor does first; nobody measures that."""

    async def act(self, visitor: Visitor, number: int) -> Run:
        """What a visitor does again and again: draws."""
        return await visitor.draw(self._stock[number % len(self._stock)])

    async def draw(self, seconds: float) -> None:
        """Lets everybody do so for that long."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._sit(visitor, index, until) for index, visitor in enumerate(self._visitors)))

    async def _sit(self, visitor: Visitor, index: int, until: float) -> None:
        chance = random.Random(index)
        for number in self._numbers[index]:
            await asyncio.sleep(self._think * chance.uniform(0.5, 1.5))
            if time.monotonic() > until:
                return
            try:
                self.runs.append(await self.act(visitor, number))
            except VisitError as error:
                self.errors[str(error)] += 1
            except (OSError, WebSocketException) as error:  # a TimeoutError, too
                self.errors[f"a session ended: {type(error).__name__}"] += 1
                return


class Use(NamedTuple):
    """What was used while something was measured: seconds, of which so many on a core."""

    passed: float = 0.0
    server: float = 0.0
    own: float = 0.0


class Watch:
    """What the servers and this process use while something is measured."""

    def __init__(self, processes: list[int]) -> None:
        self.memory: list[tuple[float, float]] = []
        """(by the monotonic clock, MB), each second."""
        self.use = Use()
        """Within all the blocks of `counting`."""
        self._processes = processes

    def _clocks(self) -> tuple[float, float, float]:
        return time.monotonic(), sum(map(processor_time, self._processes)), time.process_time()

    async def run(self) -> None:
        """Samples the memory until it is cancelled."""
        while True:
            self.memory.append((time.monotonic(), self.memory_now()))
            await asyncio.sleep(1)

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Adds to `use` what is used meanwhile."""
        before = self._clocks()
        yield
        self.use = Use(*np.add(self.use, np.subtract(self._clocks(), before)).tolist())

    def memory_now(self) -> float:
        """MB."""
        return sum(map(memory, self._processes))


class Report(NamedTuple):
    """What one number of sessions met."""

    sessions: int
    opened: float
    """Seconds until all had the page, which they opened at once."""
    drawings: int
    look: list[float]
    """p50 and p95 in milliseconds."""
    end: list[float]
    """p50, p95 and the largest in milliseconds."""
    errors: dict[str, int]
    received: float
    """Kilobytes a drawing."""
    computed: float
    """Milliseconds of a core that the server takes for a drawing."""
    server_cpu: float
    """Percent of a core."""
    own_cpu: float
    """The same, of this process."""
    session_memory: float
    """MB."""
    growth: float
    """MB from the third minute to the last."""
    growth_share: float
    """The same as a share of all that the server takes."""
    end_first: float
    """p95 in the first minute."""
    end_last: float
    """p95 in the last minute."""
    cpu_ratio: float
    """CPU a drawing, in times of the bare page's; not a number if that was not measured."""
    p95_ratio: float
    """The same of the end's p95."""


class Page:
    """A page that a crowd draws on, and what it uses."""

    def __init__(
        self, servers: dict[str, int], sessions: int, *, stock: list[str], think: float, crowd: type[Crowd] = Crowd
    ) -> None:
        self._servers = servers
        self._stock = stock
        self.watch = Watch([*servers.values()])
        self.crowd = crowd([*servers], sessions, think=think, stock=stock)
        self.before = 0.0
        """MB that the servers took before the crowd came."""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Warms the servers up and lets the crowd in; its memory is sampled meanwhile."""
        for address in self._servers:
            async with visit(address) as first:
                await first.open()  # loads the model
                for value in self._stock[:3]:
                    await first.draw(value)
        self.before = self.watch.memory_now()
        async with self.crowd.inside():
            watching = asyncio.create_task(self.watch.run())
            yield
            watching.cancel()

    async def draw(self, seconds: float) -> None:
        """Lets the crowd draw for that long."""
        with self.watch.counting():
            await self.crowd.draw(seconds)

    @property
    def computed(self) -> float:
        """Milliseconds of a core that the servers took for a drawing."""
        return 1000 * self.watch.use.server / max(len(self.crowd.runs), 1)

    @property
    def end(self) -> list[float]:
        """p50, p95 and the largest of the milliseconds to the end."""
        return _percentiles([run.end for run in self.crowd.runs], 50, 95, 100)


@contextlib.asynccontextmanager
async def in_turns(pages: list[Page], *, seconds: float, turns: int) -> AsyncIterator[None]:
    """Lets the crowds of all pages draw in turns, each for so many seconds in all; they stay as long as the block."""
    async with contextlib.AsyncExitStack() as stack:
        for page in pages:
            await stack.enter_async_context(page.open())
        for _ in range(turns):
            for page in pages:
                await page.draw(seconds / turns)
        yield


async def measure(
    servers: dict[str, int],
    bare: dict[str, int],
    sessions: int,
    *,
    seconds: float,
    think: float,
) -> Report:
    """Lets a number of sessions draw on servers, given by address and process: 0 for one that was not started here.

    In turns with them, as many draw on the `bare` servers, if there are any.
    """
    page = Page(servers, sessions, stock=drawings(STOCK), think=think)
    beside = Page(bare, sessions, stock=drawings(STOCK, as_png=True), think=think)
    pages = [page, beside] if bare else [page]
    turns = max(1, round(seconds / TURN)) if bare else 1
    async with in_turns(pages, seconds=seconds, turns=turns):
        session_memory = (page.watch.memory_now() - page.before) / sessions
    return _report(page, beside, session_memory=session_memory, minute=min(60, seconds / 3))


def _report(page: Page, beside: Page, *, session_memory: float, minute: float) -> Report:
    crowd, watch = page.crowd, page.watch
    runs, begun = crowd.runs, watch.memory[0][0]
    ended = max((run.at for run in runs), default=begun)
    settled = begun + SETTLING if ended > begun + 5 * SETTLING else begun
    at_first = float(np.mean([size for at, size in watch.memory if settled <= at < settled + minute]))
    growth = float(np.mean([size for at, size in watch.memory if at >= ended - minute])) - at_first
    return Report(
        sessions=crowd.size,
        opened=crowd.opened,
        drawings=len(runs),
        look=_percentiles([run.look for run in runs], 50, 95),
        end=page.end,
        errors=dict(crowd.errors + beside.crowd.errors),
        received=float(np.mean([run.received for run in runs] or [0])) / 1000,
        computed=page.computed,
        server_cpu=100 * watch.use.server / watch.use.passed,
        own_cpu=100 * watch.use.own / watch.use.passed,
        session_memory=session_memory,
        growth=growth,
        growth_share=growth / at_first,
        end_first=_percentiles([run.end for run in runs if run.at < begun + minute], 95)[0],
        end_last=_percentiles([run.end for run in runs if run.at >= ended - minute], 95)[0],
        cpu_ratio=page.computed / beside.computed if beside.crowd.runs else float("nan"),
        p95_ratio=page.end[1] / beside.end[1],
    )


def _percentiles(values: list[float], *shares: float) -> list[float]:
    """As numbers, none of which is one where nothing was measured."""
    return np.percentile(values or [float("nan")], shares).tolist()


def bars(report: Report, *, seconds: float) -> dict[str, bool]:
    """The bars that this measurement can tell something about, and whether it met them."""
    met = {"no errors": not report.errors and report.drawings > 0}
    if (largest := LARGEST_P95.get(report.sessions)) is not None:
        met[f"p95 of the end ≤ {largest:g} ms"] = report.end[1] <= largest
    if report.cpu_ratio == report.cpu_ratio:  # a number
        met[f"CPU ≤ {MOST_CPU:g}× the bare page's"] = report.cpu_ratio <= MOST_CPU
        if report.sessions == RATIO_SESSIONS:
            met[f"p95 ≤ {LARGEST_P95_RATIO:g}× the bare page's"] = report.p95_ratio <= LARGEST_P95_RATIO
    if report.sessions >= 10:  # what one session takes is less than the allocator's own moves
        met[f"≤ {LARGEST_SESSION:g} MB a session"] = report.session_memory <= LARGEST_SESSION
    if seconds >= 600:
        met[f"growth ≤ {LARGEST_GROWTH:.0%} of the memory"] = report.growth_share <= LARGEST_GROWTH
    return met


def row(report: Report, *, seconds: float) -> str:
    """One line of the Markdown table."""
    look, end = (" / ".join(f"{value:.0f}" for value in values) for values in (report.look, report.end))
    met = ", ".join(f"{'✓' if is_met else '✗'} {name}" for name, is_met in bars(report, seconds=seconds).items())
    columns = [
        f"{report.sessions}",
        f"{report.opened:.1f} s",
        f"{report.drawings}",
        look,
        end,
        ", ".join(f"{count}× {text}" for text, count in report.errors.items()) or "0",
        f"{report.received:.0f} kB",
        f"{report.session_memory:.2f}",
        f"{report.growth:+.1f}",
        f"{report.end_first:.0f} → {report.end_last:.0f}",
        f"{report.computed:.1f} ms",
        f"{report.cpu_ratio:.2f} / {report.p95_ratio:.2f}",
        f"{report.server_cpu:.0f} %",
        f"{report.own_cpu:.0f} %",
        met,
    ]
    return f"| {' | '.join(columns)} |"


COLUMNS = ["sessions", "all have the page", "drawings", "look p50 / p95", "end p50 / p95 / max", "errors"]
COLUMNS += [
    "a drawing",
    "MB a session",
    "MB grown",
    "end p95 first → last",
    "CPU a drawing",
    "CPU / p95, bare page = 1",
    "server's CPU",
    "own CPU",
    "bars",
]
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'--:|' * len(COLUMNS)}"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 30, 100])
    parser.add_argument("--seconds", type=float, default=30, help="how long each number of sessions draws")
    parser.add_argument("--think", type=float, default=2, help="seconds between two drawings of a session, on average")
    parser.add_argument(
        "--url", help="a server that runs already, on this machine; its memory and CPU are not measured"
    )
    parser.add_argument("--servers", type=int, default=1, help="servers to start, each a process of its own")
    parser.add_argument("--alone", action="store_true", help="without the bare page beside it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    options = parser.parse_args()
    reports, bare_servers = [], 0 if options.alone else 1
    if not options.json:
        print(HEAD, flush=True)
    for sessions in options.sessions:
        with _servers(options.url, options.servers) as servers, _servers(None, bare_servers, BARE_PAGE) as bare:
            how = {"seconds": options.seconds, "think": options.think}
            reports.append(asyncio.run(measure(servers, bare, sessions, **how)))
        if not options.json:
            print(row(reports[-1], seconds=options.seconds), flush=True)
    if options.json:
        results = [{**report._asdict(), "bars": bars(report, seconds=options.seconds)} for report in reports]
        print(json.dumps(results, indent=1))


@contextlib.contextmanager
def _servers(url: str | None, count: int, script: str = "app/main.py") -> Iterator[dict[str, int]]:
    """The addresses and the processes of the servers to measure: for each number of sessions new ones."""
    if url is not None:
        yield {url: 0}
        return
    with contextlib.ExitStack() as stack:
        places = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(count)]
        servers = [stack.enter_context(started_server(place, script)) for place in places]
        yield {server.address: server.process.pid for server in servers}


if __name__ == "__main__":
    main()
