"""The server, started in odd places: it is the same app, and it talks to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.measure.visitor import drawings, visit
from tests.servers import ROOT, Server, started_server

# Python runs this file before all else. Every way to an address is written down, apart from those to this machine. To
# "connect" a datagram socket sends nothing.
WITNESS = """
import os, socket, sys
def note(event, arguments):
    if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[0] if event.startswith("socket.get") else arguments[1]
        host = address[0] if isinstance(address, tuple) else address
        if host not in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::"):
            with open(os.environ["WITNESS"], "a") as file:
                print(event, host, file=file)
sys.addaudithook(note)
open(os.environ["WITNESS"], "a").close()
"""
FOREIGN_CONFIGURATION = """
[server]
address = "0.0.0.0"
maxUploadSize = 5000
[browser]
gatherUsageStats = true
[client]
showErrorDetails = "full"
[theme.light]
primaryColor = "#ff0000"
"""
NOWHERE = {"HOME": None, "LC_ALL": "C", "LANG": None, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


async def draw(server: Server, path: str = "") -> None:
    """Opens the Draw page, and draws."""
    async with visit(f"{server.address}{path}") as visitor:
        await visitor.open()
        await visitor.draw(drawings(1)[0])


async def upload_a_large_digit(server: Server) -> None:
    """Opens the Draw page, and uploads what another process reads."""
    image, file = Image.new("L", (2000, 2000), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(1000, 400), (1000, 1600)], fill="black", width=150)
    image.save(file, "PNG")
    async with visit(server.address) as visitor:
        await visitor.open()
        assert not visitor.look
        await visitor.give(file.getvalue())
        assert visitor.look


def get(server: Server, path: str) -> tuple[int, str]:
    """Status and text of an answer."""
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server.headless=true"],
        ["--server.headless=false"],
        ["--server.headless=true", "--server.address=0.0.0.0"],
        ["--server.headless=false", "--server.address=0.0.0.0"],
    ],
)
def test_server_talks_to_nobody(tmp_path: Path, arguments: Sequence[str]) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    witness = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "WITNESS": str(tmp_path / "talk"), "BROWSER": "true"}
    with started_server(tmp_path, arguments=arguments, environment=witness) as server:
        asyncio.run(draw(server))
        for host in (socket.gethostname().upper(), "evil.example"):  # Streamlit would look up whether it is ours
            connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
            headers = {"Host": host, "Origin": f"http://{host.lower()}", "Upgrade": "websocket"}
            connection.request("GET", "/_stcore/stream", headers={**headers, **WEBSOCKET})
            assert connection.getresponse().status in (403, 421)
            connection.close()
    assert (tmp_path / "talk").read_text(encoding="utf-8") == ""


WEBSOCKET = {"Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


def test_witness_sees_a_request(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    (tmp_path / "talks.py").write_text(
        "import contextlib, urllib.request\n"
        "with contextlib.suppress(OSError):\n    urllib.request.urlopen('http://192.0.2.1', timeout=0.1)\n",
        encoding="utf-8",
    )
    subprocess.run(
        [sys.executable, "talks.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "WITNESS": str(tmp_path / "talk")},
        check=True,
    )
    assert "socket.connect 192.0.2.1" in (tmp_path / "talk").read_text(encoding="utf-8")


def test_server_listens_on_this_machine_alone_unless_told_otherwise(tmp_path: Path) -> None:
    for name, arguments, is_heard in [("a", [], False), ("b", ["--server.address=0.0.0.0"], True)]:
        (tmp_path / name).mkdir()
        with started_server(tmp_path / name, arguments=["--server.headless=true", *arguments]) as server:
            port = int(server.address.rpartition(":")[2])
            # Another of this machine's addresses stands for the network.
            with socket.socket() as caller:
                assert (caller.connect_ex(("127.0.0.2", port)) == 0) == is_heard


def test_configuration_is_the_projects_wherever_one_stands(tmp_path: Path) -> None:
    stand = tmp_path / "elsewhere"
    (stand / ".streamlit").mkdir(parents=True)
    (stand / ".streamlit" / "config.toml").write_text(FOREIGN_CONFIGURATION, encoding="utf-8")
    with started_server(tmp_path, arguments=["--server.headless=true"], cwd=stand) as server:
        asyncio.run(draw(server))
        with socket.socket() as caller:
            assert caller.connect_ex(("127.0.0.2", int(server.address.rpartition(":")[2]))) != 0
    assert sorted(path.name for path in stand.iterdir()) == [".streamlit"]


@pytest.mark.parametrize("runs", ["/proc/runs", "/dev/null/runs"])
def test_poorest_place_is_good_enough(tmp_path: Path, runs: str) -> None:
    """No home, no locale, nothing that may be written, and the root of the disk to stand in."""
    with started_server(tmp_path, environment=NOWHERE, cwd=Path("/"), runs=runs) as server:
        asyncio.run(draw(server))
        asyncio.run(upload_a_large_digit(server))
        status, page = get(server, "/train")
        assert status == 200
        assert "<h1" in page
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log


def test_page_and_component_files_lie_below_the_base_path(tmp_path: Path) -> None:
    with started_server(tmp_path, arguments=["--server.headless=true", "--server.baseUrlPath=/class/one/"]) as server:
        asyncio.run(draw(server, "/class/one"))
        for path in ("/class/one/", "/class/one/train"):
            status, page = get(server, path)
            assert (status, "Glimpse Playground</title>" in page) == (200, True)
        assert get(server, "/class/one")[0] == 307
        with urllib.request.urlopen(f"{server.address}/class/one/train/?run=x") as answer:
            assert answer.url == f"{server.address}/class/one/train?run=x"
        caller = http.client.HTTPConnection(server.address.removeprefix("http://"))
        caller.request("GET", "/class/one/train/?run=x")
        # Relative: a proxy may have taken a part of the path away.
        assert caller.getresponse().headers["Location"] == "../train?run=x"
        caller.close()
        for name in early_scripts(page):
            assert get(server, f"/class/one/{name}")[0] == 200
        assert get(server, "/train")[0] == 404


def early_scripts(page: str) -> list[str]:
    """The scripts that a page has the browser fetch at once."""
    found = re.findall('<link rel="modulepreload" href="(parts/[^"]+)">', page)
    assert found
    return found
