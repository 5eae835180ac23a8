"""What a few visitors can cost the others: python -m tests.measure.attackers [--seconds 15] [--rounds 1]

Visitors draw as in tests/measure/load.py. Beside them, none, one and three attackers do without a pause what is allowed
and costs most: they draw with the model whose look is dearest, open the page again and again, open it with one model
after the other whose hardest digits have to be found, or upload the largest picture. Prints the end's p50 and p95 of
the visitors' drawings for each, once they have used up what anybody may compute at once; p95 also in times of what it
was without attackers in the same minutes (bar: at most 2), and the same of the first seconds, before that.

The attackers' own process and the server's other threads share this machine's cores with the visitors, which no server
can mend. So that one knows how much of it that is, the same number of attackers also attack a third server, where the
visitors are not ("apart"). On a machine with other work the minutes differ: as many visitors therefore draw at the same
time on a second server, which nobody attacks, and p95 is given in times of theirs, too; and each number of attackers
comes in turns, --rounds times.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import itertools
import multiprocessing
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from websockets.exceptions import WebSocketException

from tests.measure.load import Crowd
from tests.measure.visitor import VisitError, drawings, visit
from tests.servers import started_server

LARGEST_RATIO = 2.0
HEAD = (
    "| attack | attackers | drawings | errors | end p50 / p95, ms | p95, times the usual | times that beside "
    "| at first, times the usual |\n|---|--:|--:|--:|--:|--:|--:|--:|"
)
SITUATIONS = [(0, False), (1, False), (1, True), (3, False), (3, True)]  # attackers, and whether they are apart
BEGIN = 10.0  # seconds until the attackers have used up what anybody may
REST = 10.0  # seconds after an attack, until some of that is there again
MODELS = 12  # more than the server keeps rankings of


Attack = Callable[[str, int], Awaitable[None]]


async def draw_dearly(address: str, index: int) -> None:
    """Draws as fast as it is answered."""
    stock = drawings(50)
    async with visit(address, query=f"model=dear-{index}") as attacker:
        await attacker.open()
        for value in itertools.cycle(stock):
            await attacker.draw(value)


async def open_pages(address: str, _: int) -> None:
    """Comes again and again."""
    while True:
        async with visit(address) as attacker:
            await attacker.open()


async def rank(address: str, index: int) -> None:
    """Opens pages that have to rank the test digits of another model."""
    for number in itertools.count(index):
        async with visit(address, query=f"model=dear-{number % MODELS}&digits=hardest") as attacker:
            await attacker.open()


async def upload_much(address: str, _: int) -> None:
    """Uploads the largest picture again and again."""
    file = io.BytesIO()
    Image.new("RGBA", (5000, 5000), "white").save(file, "PNG", compress_level=1)
    async with visit(address) as attacker:
        await attacker.open()
        while True:
            await attacker.give(file.getvalue())


ATTACKS: dict[str, Attack] = {
    "draw dearly": draw_dearly,
    "open pages": open_pages,
    "rank digits": rank,
    "upload pictures": upload_much,
}


def attack_for_ever(name: str, address: str, attackers: int, is_ready: Event, begin: Event) -> None:
    """The attackers, in a process of their own, so that their work does not hold up the visitors here."""

    async def keep_on(index: int) -> None:
        while True:
            with contextlib.suppress(VisitError, OSError, WebSocketException):
                await ATTACKS[name](address, index)

    async def all_of_them() -> None:
        await asyncio.gather(*(keep_on(index) for index in range(attackers)))

    is_ready.set()  # what it imports costs more than what it does
    begin.wait()
    asyncio.run(all_of_them())


@contextlib.asynccontextmanager
async def attacked(name: str, address: str, attackers: int) -> AsyncIterator[None]:
    """Lets so many attackers do it until the block ends."""
    context = multiprocessing.get_context("spawn")
    is_ready, begin = context.Event(), context.Event()
    process = context.Process(target=attack_for_ever, args=(name, address, attackers, is_ready, begin))
    process.start()
    try:
        await asyncio.to_thread(is_ready.wait)
        begin.set()
        yield
    finally:
        process.kill()
        process.join()


class Times(NamedTuple):
    """Milliseconds to the end of each drawing."""

    first: list[float]
    """In the first seconds of an attack."""
    later: list[float]
    beside: list[float]
    """Those of the others, at the same time as `later`."""

    def p95(self) -> list[float]:
        """Of each."""
        return [float(np.percentile(times or [float("nan")], 95)) for times in self]


async def measure(addresses: list[str], attacks: list[str], visitors: int, *, seconds: float, rounds: int) -> None:
    """Prints a row for each attack, and each number of attackers.

    Args:
        addresses: of the server that is attacked, the one beside it, and the one that is attacked apart.
        attacks: their names.
        visitors: how many draw on each of the first two.
        seconds: of each measurement.
        rounds: in how many parts.
    """
    attacked_one, beside, apart = addresses
    crowds = [Crowd([each], visitors, think=2.0, stock=drawings(300)) for each in (attacked_one, beside)]
    async with crowds[0].inside(), crowds[1].inside():
        await draw(crowds, 5)
        for name in attacks:
            found = {each: Times([], [], []) for each in SITUATIONS}
            for attackers, is_apart in SITUATIONS * rounds:
                times = found[attackers, is_apart]
                async with attacked(name, apart if is_apart else attacked_one, attackers):
                    times.first.extend((await draw(crowds, BEGIN))[0])
                    for each, ends in zip(times[1:], await draw(crowds, seconds / rounds), strict=True):
                        each.extend(ends)
                await draw(crowds, REST / rounds)
            usual = found[0, False].p95()[1]
            for situation, times in found.items():
                print(row(name, *situation, times, usual=usual, errors=dict(crowds[0].errors)), flush=True)


def row(name: str, attackers: int, is_apart: bool, times: Times, *, usual: float, errors: dict[str, int]) -> str:
    """One line of the Markdown table."""
    first, later, beside = times.p95()
    p50 = np.median(times.later)
    met = "" if is_apart else f" {'✓' if later <= LARGEST_RATIO * usual else '✗'}"
    who = f"{attackers}{' apart' if is_apart else ''}"
    ratios = f"{later / usual:.2f}{met} | {later / beside:.2f} | {first / usual:.2f}"
    return f"| {name} | {who} | {len(times.later)} | {errors or 0} | {p50:.0f} / {later:.0f} | {ratios} |"


async def draw(crowds: list[Crowd], seconds: float) -> list[list[float]]:
    """Lets all draw, and returns how many milliseconds each drawing took, of each crowd."""
    for crowd in crowds:
        crowd.runs.clear()
    await asyncio.gather(*(crowd.draw(seconds) for crowd in crowds))
    return [[run.end for run in crowd.runs] for crowd in crowds]


def add_models(runs: Path) -> None:
    """Puts the models that attackers use into a folder of runs."""
    from ram.checkpoints import CheckpointInfo, save_checkpoint  # attackers and visitors need no PyTorch
    from ram.config import RAMConfig
    from ram.model import RAM

    config = RAMConfig(num_glimpses=45, glimpse_size=12, num_scales=4)  # nearly 12 times a usual look
    for number in range(MODELS):
        folder = runs / f"dear-{number}"
        folder.mkdir(parents=True)
        info = CheckpointInfo(config, 100, {"clutter": 8}, {})
        save_checkpoint(folder / "best.safetensors", RAM(config).state_dict(), info)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=[*ATTACKS])
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=1, help="in how many parts")
    options = parser.parse_args()
    print(HEAD, flush=True)
    with contextlib.ExitStack() as stack:
        addresses = []
        for _ in range(3):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            add_models(folder / "runs")
            addresses.append(stack.enter_context(started_server(folder)).address)
        how = {"seconds": options.seconds, "rounds": options.rounds}
        asyncio.run(measure(addresses, options.attacks, options.visitors, **how))


if __name__ == "__main__":
    main()
