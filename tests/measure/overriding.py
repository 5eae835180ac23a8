"""Many who move glimpses: python -m tests.measure.overriding [--sessions 30] [--seconds 60] [--think 2]

Sessions without browsers (`load.py`) draw once and then make a glimpse by chance look at a place by chance, again and
again: each of these looks is two, the model's own and theirs. In turns of some seconds, as many draw on a server of
their own, so that the p95 has something to be divided by, which was as slow as the machine was in the same minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
from pathlib import Path

from tests.measure.load import LARGEST_P95_RATIO, STOCK, TURN, Crowd, Page, in_turns
from tests.measure.visitor import Run, Visitor, drawings
from tests.servers import started_server

GLIMPSES = 6  # of the model that the page begins with


class Overriders(Crowd):
    """Sessions that draw once, and move glimpses from then on."""

    async def begin(self, visitor: Visitor, index: int) -> None:
        """Draws."""
        await super().act(visitor, index)

    async def act(self, visitor: Visitor, number: int) -> Run:
        """Moves a glimpse."""
        chance = random.Random(number)
        return await visitor.override(chance.randint(1, GLIMPSES), chance.uniform(-1, 1), chance.uniform(-1, 1))


async def measure(pages: list[Page], *, seconds: float) -> None:
    """Lets the crowds of all pages act in turns, each for so many seconds in all."""
    async with in_turns(pages, seconds=seconds, turns=max(1, round(seconds / TURN))):
        pass


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60, help="how long they move glimpses")
    parser.add_argument("--think", type=float, default=2, help="seconds between two moves of a session, on average")
    options = parser.parse_args()
    stock, pages = drawings(STOCK), []
    with contextlib.ExitStack() as stack:
        for crowd in (Crowd, Overriders):
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(started_server(place))
            servers = {server.address: server.process.pid}
            pages.append(Page(servers, options.sessions, stock=stock, think=options.think, crowd=crowd))
        asyncio.run(measure(pages, seconds=options.seconds))
    print("| | count | p50 / p95 / max, ms | CPU each | errors |\n|---|--:|--:|--:|---|")
    for name, page in zip(("drawing", "move"), pages, strict=True):
        times = " / ".join(f"{value:.0f}" for value in page.end)
        errors = ", ".join(f"{count}× {text}" for text, count in page.crowd.errors.items()) or "none"
        print(f"| {name} | {len(page.crowd.runs)} | {times} | {page.computed:.1f} ms | {errors} |")
    ratio = pages[1].end[1] / pages[0].end[1]
    met = "met" if ratio <= LARGEST_P95_RATIO and not any(page.crowd.errors for page in pages) else "missed"
    print(f"\np95 of a move: {ratio:.2f} times that of a drawing (bar: {LARGEST_P95_RATIO:g}, without errors: {met})")


if __name__ == "__main__":
    main()
