"""The machine: its device, its number format, its treatment of freed memory, and the encoding of its streams."""

from __future__ import annotations

import ctypes
import io
import sys

import torch

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # parameters of glibc's mallopt (malloc.h)
_LARGEST = 2**31 - 1  # bytes; mallopt takes an int


def choose_device(device: str | torch.device = "auto") -> torch.device:
    """Turns "auto", "cpu", "cuda" or "cuda:N" into a device of this machine.

    Raises:
        ValueError: the device does not exist here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is unknown: use 'auto', 'cpu', 'cuda' or 'cuda:N'") from error
    present = chosen.type == "cpu" or (chosen.type == "cuda" and (chosen.index or 0) < torch.cuda.device_count())
    if not present:
        raise ValueError(f"device={device!r} is not available here: use 'auto' or 'cpu'")
    return chosen


def write_utf8() -> None:
    """Makes the command line's output UTF-8, whatever the locale, the console and the system are."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # somebody may have put something else there
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def native_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies matrices of bfloat16 faster than those of float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    processor = torch.cpu.get_capabilities()
    return bool(processor.get("avx512_bf16") or processor.get("amx_bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, the CPU's or a GPU's."""
    # PyTorch has a class of its own for a GPU, and only words for the CPU.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def keep_freed_memory() -> None:
    """Lets glibc keep freed memory instead of returning it to the system at once.

    The system clears every page before it hands it out again. This costs a third of the time in training on images of
    100x100 pixels, whose tensors take dozens of megabytes. Does nothing on other systems.
    """
    _mallopt(_MMAP_THRESHOLD, _LARGEST)
    _mallopt(_TRIM_THRESHOLD, _LARGEST)


def share_arenas() -> None:
    """Lets all threads allocate from two of glibc's arenas instead of up to eight for each core.

    A server that starts a thread for every answer otherwise spreads its memory over all arenas, with gaps in each.
    Existing arenas stay. Does nothing on other systems.
    """
    _mallopt(_ARENA_MAX, 2)


def _mallopt(parameter: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:  # musl has none
            mallopt(parameter, value)
