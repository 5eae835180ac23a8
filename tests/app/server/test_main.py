"""What is started beside the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WARM_UP = """
import asyncio, gc, socket, sys, threading
listening = socket.socket()  # as Streamlit has opened one by then
from app.main import app, warm_up
usual = sys.getswitchinterval()
async def serve():
    async with warm_up(app):
        print("torch" in sys.modules)  # nobody waits for it
        for thread in threading.enumerate():
            if thread.daemon:
                thread.join()
asyncio.run(serve())
from app.server.pytorch import is_warm
print(is_warm(), sys.getswitchinterval() == usual and gc.isenabled())
print(listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
"""


def test_server_sends_at_once_and_loads_pytorch_on_its_own_without_waiting_for_it() -> None:
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-c", WARM_UP], capture_output=True, encoding="utf-8", check=True, cwd=root
    )
    greeting, *said = result.stdout.split()[0], *result.stdout.split()[-4:]
    assert greeting == "Glimpse"
    assert said == ["False", "True", "True", "True"], result.stderr
