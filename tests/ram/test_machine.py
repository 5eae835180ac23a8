"""The machine: its devices, and how threads take its memory."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ram.machine import choose_device

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


def test_auto_chooses_a_device_that_is_here() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device() == choose_device("auto")


def test_cpu_is_always_here() -> None:
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["tpu", "", "cuda:x", "CPU"])
def test_unknown_device_is_named(device: str) -> None:
    with pytest.raises(ValueError, match=f"^device='{device}' is unknown: use 'auto', 'cpu', 'cuda' or 'cuda:N'$"):
        choose_device(device)
