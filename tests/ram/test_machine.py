"""How the server's threads take memory."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Twelve threads hold memory at the same time; then glibc's own report tells from how many arenas.
COUNT_ARENAS = """
import ctypes, sys, threading
from ram.machine import share_arenas

if sys.argv[1] == "shared":
    share_arenas()
together = threading.Barrier(12)

def hold():
    block = bytes(100_000)
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(open(sys.argv[2]).read().count("<heap nr="))
"""


def test_threads_share_two_arenas(tmp_path: Path) -> None:
    def arenas(how: str) -> int:
        command = [sys.executable, "-c", COUNT_ARENAS, how, str(tmp_path / "report")]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout)

    assert arenas("shared") == 2
    assert arenas("each its own") > 2
