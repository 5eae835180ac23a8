"""What this machine lets the server carry, and what the server says of it when it starts."""

from __future__ import annotations

import socket
import sys

from streamlit import config
from streamlit.web.server.server_util import get_url

from app.server.limits import Limits

if sys.platform != "win32":
    import resource

A_VISITOR = 8  # descriptors: a session's websocket, and the six connections over which a browser loads the page
THE_SERVER = 200  # descriptors for everything else
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104, addresses to recognise


def raise_open_files() -> int:
    """Raises the limit of open files as far as the system allows, and returns it."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            # macOS reports a hard limit that it does not grant.
            for wanted in (hard, 10_240):
                try:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                except (ValueError, OSError):
                    continue
                break
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    else:  # mypy looks at the code of one system at a time
        return 8192  # what its C library and sockets take without being asked


def visitors_carried(limits: Limits, open_files: int) -> int:
    """How many visitors there may be at a time: as many as allowed, and as open files suffice for."""
    unlimited = open_files < 0  # how "infinity" reads
    return limits.most_visitors if unlimited else max(1, min(limits.most_visitors, _carried_by(open_files)))


def greeting(limits: Limits, open_files: int) -> str:
    """What the server says when it starts: where it is, and what it carries."""
    visitors = visitors_carried(limits, open_files)
    lines = [*_places(), f"Up to {visitors:,} visitors at a time; runs are kept in {limits.runs}."]
    if visitors < limits.most_visitors:
        lines.append(
            f"limits.toml allows {limits.most_visitors:,} visitors, but {open_files:,} open files carry no more than "
            f"{visitors:,}: raise the limit (ulimit -n) for more."
        )
    return "\n".join(("", "  Glimpse Playground", *(f"  {line}" for line in lines), ""))


def greet(limits: Limits, open_files: int) -> None:
    """Says it, with escapes for letters that the console does not have."""
    encoding = sys.stdout.encoding or "utf-8"
    print(greeting(limits, open_files).encode(encoding, "backslashreplace").decode(encoding), flush=True)


def _carried_by(open_files: int) -> int:
    return (open_files - THE_SERVER) // A_VISITOR


def _places() -> list[str]:
    """The addresses to open."""
    address = str(config.get_option("server.address") or "")
    if address not in EVERYWHERE:
        here = address in ("127.0.0.1", "localhost", "::1")
        note = "for this machine alone; README.md says how others reach it" if here else "for others, too"
        return [f"{get_url('localhost' if here else address)} ({note})"]
    network = _address_in_the_network()
    return [get_url("localhost"), *([f"{get_url(network)} for others in this network"] if network else [])]


def _address_in_the_network() -> str | None:
    """This machine's address as others see it; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that nobody has: only the route to it is looked up
        except OSError:
            return None
        return str(probe.getsockname()[0])
