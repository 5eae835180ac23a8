"""What a few visitors can cost the others: python -m tests.measure.attackers [--visitors 10] [--seconds 15]

Visitors draw as in tests/measure/load.py. Beside them, none, one and three attackers do without a pause what is allowed
and costs most: they draw with the model whose look is dearest, open the page again and again, open it with one model
after the other whose hardest digits have to be found, or upload the largest picture. Prints the end's p50 and p95 of
the visitors' drawings for each; p95 also in times of what it was without attackers in the same minutes (bar: at most
2). On a machine with other work these minutes differ: as many visitors therefore draw at the same time on a second
server, which nobody attacks, and p95 is given in times of theirs, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import itertools
import multiprocessing
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from websockets.exceptions import WebSocketException

from tests.measure.load import Crowd
from tests.measure.visitor import VisitError, drawings, visit
from tests.servers import started_server

LARGEST_RATIO = 2.0
HEAD = (
    "| attack | attackers | drawings | errors | end p50 / p95, ms | p95, times the usual | times that beside |\n"
    "|---|--:|--:|--:|--:|--:|--:|"
)
BEGIN = 6.0  # seconds until the attackers are there and have used up what anybody may
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


def attack_for_ever(name: str, address: str, index: int) -> None:
    """One attacker, in a process of its own, so that its work does not hold up the visitors here."""

    async def keep_on() -> None:
        while True:
            with contextlib.suppress(VisitError, OSError, WebSocketException):
                await ATTACKS[name](address, index)

    asyncio.run(keep_on())


@contextlib.contextmanager
def attacked(name: str, address: str, attackers: int) -> Iterator[None]:
    """Lets so many attackers do it until the block ends."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=attack_for_ever, args=(name, address, index)) for index in range(attackers)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


async def measure(address: str, beside: str, attacks: list[str], visitors: int, seconds: float) -> None:
    """Prints a row for each attack, and each number of attackers."""
    crowds = [Crowd([each], visitors, think=2.0, stock=drawings(300)) for each in (address, beside)]
    async with crowds[0].inside(), crowds[1].inside():
        await draw(crowds, 5)
        for name in attacks:
            usual = float("nan")
            for attackers in (0, 1, 3):
                with attacked(name, address, attackers):
                    await draw(crowds, BEGIN)
                    await draw(crowds, seconds)
                (p50, p95), (_, others) = (
                    np.percentile([run.end for run in crowd.runs] or [float("nan")], [50, 95]) for crowd in crowds
                )
                usual = p95 if not attackers else usual
                met = "✓" if p95 <= LARGEST_RATIO * usual else "✗"
                drawn = f"{len(crowds[0].runs)} | {dict(crowds[0].errors) or 0}"
                ratios = f"{p95 / usual:.2f} {met} | {p95 / others:.2f}"
                print(f"| {name} | {attackers} | {drawn} | {p50:.0f} / {p95:.0f} | {ratios} |", flush=True)


async def draw(crowds: list[Crowd], seconds: float) -> None:
    """Lets all draw, and forgets what they have drawn before."""
    for crowd in crowds:
        crowd.runs.clear()
    await asyncio.gather(*(crowd.draw(seconds) for crowd in crowds))


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
    options = parser.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as another:
        add_models(Path(folder) / "runs")
        with started_server(Path(folder)) as server, started_server(Path(another)) as beside:
            asyncio.run(measure(server.address, beside.address, options.attacks, options.visitors, options.seconds))


if __name__ == "__main__":
    main()
