"""What servers and runs leave behind when they are killed: hidden folders of runs, and files half written."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from ram import files
from ram.training.run_folder import RunError, RunFolder

# A run that was being made, or deleted.
HIDDEN = re.compile(r"\.\d{8}-\d{6}-[0-9a-f]{4}")


def remove_remains(folder: Path) -> int:
    """Removes them from a folder of runs; returns how many there were. What a living process still needs stays."""
    removed = files.remove_remains(folder)
    for path in filter(Path.is_dir, sorted(folder.iterdir())):
        if HIDDEN.fullmatch(path.name):
            if not is_held(RunFolder(path)):
                with contextlib.suppress(OSError):  # another server removes it, too
                    remove(path)
                    removed += 1
        elif not path.name.startswith("."):
            removed += files.remove_remains(path)
    return removed


def remove(path: Path) -> None:
    """Removes a folder, or whatever else is there; of a link not what it leads to."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    try:
        shutil.rmtree(path)
    except OSError:  # a write that had begun before has put a file there meanwhile; none can follow
        shutil.rmtree(path)


def is_held(folder: RunFolder) -> bool:
    """Whether a process trains this run, or makes it; none does where the lock is damaged."""
    try:
        return folder.is_running()
    except RunError:
        return False
