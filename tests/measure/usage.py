"""What a process uses of the machine."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

MB = 1024**2


def memory(process: int) -> float:
    """Resident set of a process in MB; not a number where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def processor_time(process: int) -> float:
    """Seconds that a process has computed; not a number where the system has no /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(process: int) -> float:
    """Open files and sockets of a process; not a number where the system has no /proc."""
    try:
        return float(len(list(Path(f"/proc/{process}/fd").iterdir())))
    except OSError:
        return float("nan")


def print_medians(found: dict[str, list[tuple[float, float]]]) -> None:
    """A table of what took how many milliseconds: by the page's clock, and of the server's processor."""
    print("| | median, page's clock | server's processor time |\n|---|--:|--:|")
    for name, results in found.items():
        times, used = (statistics.median(numbers) for numbers in zip(*results, strict=True))
        print(f"| {name} | {times:.0f} ms | {used:.0f} ms |")
