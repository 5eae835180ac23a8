"""Whether everybody keeps the same replica behind nginx: python -m tests.measure.replicas [--visitors 20]

Starts two servers and an nginx (which must be installed) with docs/nginx.conf, of which only the ports are changed.
Visitors without a cookie load the page; with the cookie that they are given they load it again, several at a time, and
draw over a websocket. Nginx's log tells who answered: one replica for each cookie, and both replicas have visitors.
Then one replica ends, and the other one takes its visitors.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.measure.visitor import drawings, visit
from tests.processes import wait_until
from tests.servers import ROOT, Server, free_port, started_server, wait_until_listening

CONFIGURATION = ROOT / "docs/nginx.conf"
PATHS = ("/", "/_stcore/health", "/_stcore/host-config", "/")

# What surrounds docs/nginx.conf, with every file in a folder of this measurement.
FRAME = """
daemon off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
    log_format seats "$glimpse_seat|$upstream_addr|$status|$uri";
    access_log {folder}/requests seats;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site;
}}
"""


class Request(NamedTuple):
    """A line of nginx's log."""

    seat: str
    replica: str
    status: str
    path: str


@contextlib.contextmanager
def nginx(folder: Path, replicas: list[Server]) -> Iterator[str]:
    """The address of an nginx in front of the replicas."""
    port = free_port()
    servers = "\n".join(f"    server {replica.address.removeprefix('http://')};" for replica in replicas)
    site = re.sub(
        r"(?:^ +server [\d.:]+;\n)+", f"{servers}\n", CONFIGURATION.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    (folder / "site").write_text(site.replace("listen 80;", f"listen 127.0.0.1:{port};"), encoding="utf-8")
    (folder / "configuration").write_text(FRAME.format(folder=folder), encoding="utf-8")
    program = shutil.which("nginx")
    if program is None:
        raise SystemExit("nginx is not installed; on Debian: apt-get install nginx-light")
    process = subprocess.Popen([program, "-p", folder, "-e", folder / "errors", "-c", folder / "configuration"])
    try:
        wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def requests(folder: Path) -> list[Request]:
    """What nginx has logged; a websocket when it was closed."""
    lines = [line.split("|") for line in (folder / "requests").read_text(encoding="utf-8").splitlines()]
    return [Request(*line) for line in lines]


def fetch(address: str, cookie: str = "") -> str:
    """Loads something and returns the cookie that came with it, or nothing."""
    request = urllib.request.Request(address, headers={"Cookie": cookie} if cookie else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return next((value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", []) if "seat" in value), "")


def come_back(address: str, cookie: str) -> None:
    """Loads several parts of the page at a time, as a browser does; nobody gets a second seat."""
    with ThreadPoolExecutor() as pool:
        given = [*pool.map(lambda path: fetch(address + path, cookie), PATHS)]
    if any(given):
        raise RuntimeError(f"who has the cookie {cookie} was given {given}")


async def draw(address: str, cookie: str, value: str) -> None:
    """Opens the Draw page and draws."""
    async with visit(address, cookie) as visitor:
        await visitor.open()
        await visitor.draw(value)


def seats(log: list[Request]) -> dict[str, set[str]]:
    """The replicas that answered each visitor."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for request in log:
        found[request.seat].add(request.replica)
    return dict(found)


def websockets(log: list[Request]) -> list[str]:
    """The status of each websocket: 101 where it was one."""
    return [request.status for request in log if request.path == "/_stcore/stream"]


def measure(visitors: int) -> dict[str, bool]:
    """What was to be shown, and whether it was."""
    stock = drawings(visitors + 1)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = [folder / name for name in ("one", "other")]
        for place in places:
            place.mkdir()
        one = stack.enter_context(started_server(places[0]))
        ends = stack.enter_context(contextlib.ExitStack())
        other = ends.enter_context(started_server(places[1]))
        address = stack.enter_context(nginx(folder, [one, other]))
        cookies = [fetch(address) for _ in range(visitors)]
        for cookie, value in zip(cookies, stock, strict=False):
            come_back(address, cookie)
            asyncio.run(draw(address, cookie, value))
        wait_until(lambda: len(websockets(requests(folder))) == visitors)  # nginx notices that the last one left
        log = requests(folder)
        ends.close()
        for cookie in cookies:
            come_back(address, cookie)
        asyncio.run(draw(address, cookies[0], stock[-1]))
        wait_until(lambda: websockets(requests(folder)[len(log) :]))
        late = requests(folder)[len(log) :]
    taken, left = seats(log), one.address.removeprefix("http://")
    return {
        "each visitor is given a seat of their own": len({*cookies} - {""}) == visitors == len(taken),
        "each seat is always at the same replica": all(len(replicas) == 1 for replicas in taken.values()),
        "both replicas have visitors": len(set.union(*taken.values())) == 2,
        "websockets pass, and drawings are answered": websockets(log) == ["101"] * visitors,
        "when a replica ends, the other one takes its visitors": websockets(late) == ["101"]
        and all(request.replica.endswith(left) and request.status in ("101", "200") for request in late),
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    options = parser.parse_args()
    shown = measure(options.visitors)
    if options.json:
        print(json.dumps(shown, indent=1))
    else:
        print(f"| two replicas, {options.visitors} visitors | |\n|---|---|")
        print("\n".join(f"| {what} | {'✓' if is_so else '✗'} |" for what, is_so in shown.items()))
    if not all(shown.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
