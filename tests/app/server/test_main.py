"""What is started beside the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WARM_UP = """
import asyncio, sys, threading
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
print(is_warm(), sys.getswitchinterval() == usual)
"""


def test_server_loads_pytorch_on_its_own_and_does_not_wait_for_it() -> None:
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-c", WARM_UP], capture_output=True, encoding="utf-8", check=True, cwd=root
    )
    greeting, *said = result.stdout.split()[0], *result.stdout.split()[-3:]
    assert greeting == "Glimpse"
    assert said == ["False", "True", "True"], result.stderr
