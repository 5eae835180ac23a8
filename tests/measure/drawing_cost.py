"""What one drawing costs the server: python -m tests.measure.drawing_cost [--drawings 200] [--rounds 5] [--at FOLDER]

One visitor draws without a pause on the Draw page and, in turns with it, on the least page that has the canvas and a
viewer (`bare_page.py`). Prints the processor time of a drawing on both, by rounds, and the messages that answer one.
With --at the app of another folder, as of another commit, takes part.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from pathlib import Path

from tests.measure.usage import processor_time
from tests.measure.visitor import Visitor, drawings, visit
from tests.servers import ROOT, started_server

BARE = "bare page"


async def measure(servers: dict[str, tuple[str, int]], count: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of a core for a drawing, by page and round; prints what answered the last one."""
    stocks = {name: drawings(count, as_png=name == BARE) for name in servers}
    found: dict[str, list[float]] = {name: [] for name in servers}
    async with contextlib.AsyncExitStack() as stack:
        visitors: dict[str, Visitor] = {}
        for name, (address, _) in servers.items():
            visitors[name] = await stack.enter_async_context(visit(address))
            await visitors[name].open()
            for value in stocks[name][:50]:
                await visitors[name].draw(value)
        for _ in range(rounds):
            for name, (_, process) in servers.items():
                before = processor_time(process)
                for value in stocks[name]:
                    run = await visitors[name].draw(value)
                found[name].append(1000 * (processor_time(process) - before) / count)
        for name, visitor in visitors.items():
            run = await visitor.draw(stocks[name][0])
            print(f"{name}: {len(run.messages)} messages, {run.received} bytes")
            print("   ", ", ".join(f"{kind} {size}" for kind, size in run.messages))
    return found


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=200, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at", type=Path, help="another folder with the app")
    options = parser.parse_args()
    places = {"app": (ROOT, "app/main.py"), BARE: (ROOT, "tests/measure/bare_page.py")}
    if options.at is not None:
        places = {f"app at {options.at}": (options.at.resolve(), "app/main.py"), **places}
    with contextlib.ExitStack() as stack:
        servers = {}
        for name, (folder, script) in places.items():
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            started = started_server(place, str(folder / script), cwd=folder, environment={"PYTHONPATH": str(folder)})
            server = stack.enter_context(started)
            servers[name] = server.address, server.process.pid
        found = asyncio.run(measure(servers, options.drawings, options.rounds))
    bare = statistics.median(found[BARE])
    for name, times in found.items():
        median = statistics.median(times)
        print(f"{name}: {median:.2f} ms ({median / bare:.2f}), by rounds {[round(time, 1) for time in times]}")


if __name__ == "__main__":
    main()
