"""Files: replaced as a whole, so that a crash or a full disk leaves the old content, and read without trusting them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from safetensors.torch import save
from torch import Tensor

if sys.platform != "win32":
    import fcntl


def write_tensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes a safetensors file atomically."""
    write_atomically(Path(path), tensors_content(tensors, metadata))


def tensors_content(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """The content of a safetensors file."""
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file as a whole.

    Raises:
        OSError: the new content could not be written.
    """
    file, temporary = _temporary(path)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o644)
            if sys.platform != "win32":
                temporary.replace(path)  # while it is marked as in use, or it could be taken for a remain
        if sys.platform == "win32":
            temporary.replace(path)  # which wants it closed
    except BaseException:
        temporary.unlink(missing_ok=True)  # its folder may have been removed meanwhile
        raise


def _temporary(path: Path) -> tuple[BinaryIO, Path]:
    """A new file beside another one, marked as in use."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        file = os.fdopen(handle, "wb")
        try:
            _lock(handle)
            is_there = os.fstat(handle).st_nlink > 0
        except BlockingIOError:
            is_there = False
        except OSError:  # some network drives have no locks
            is_there = True
        if is_there:
            return file, Path(name)
        file.close()  # `remove_remains` came between, and removes it


def remove_remains(folder: Path) -> int:
    """Removes the temporary files of `write_atomically` whose process was killed; returns how many there were."""
    removed = 0
    for path in folder.glob(".*." + 8 * "[a-z0-9_]"):
        with contextlib.suppress(OSError), open_file(path) as file:
            _lock(file.fileno())  # refused while its process lives
            path.unlink()
            removed += 1
    return removed


def is_there(path: Path) -> bool:
    """Whether there is anything, even a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def open_file(path: Path) -> BinaryIO:
    """Opens a file that may be anything, for reading.

    Raises:
        OSError: it is missing or cannot be read, or is a folder, a pipe or a device.
    """
    # Without waiting, because somebody may have put a pipe there, into which nobody writes.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            what = "a folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "a pipe or a device"
            raise OSError(errno.EINVAL, f"it is {what} and not a file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_file(path: Path, most: int) -> bytes:
    """The content of a file that may be anything.

    Raises:
        OSError: as for `open_file`, or it has more than `most` bytes.
    """
    with open_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def parse_json(text: str | bytes) -> Any:
    """The content of a JSON text that anybody may have written.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or holds half a character, which nothing could display.
    """
    try:
        content = json.loads(text)
        if "\\ud" in (text if isinstance(text, str) else text.decode(errors="replace")).lower():
            json.dumps(content, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return content


def _lock(handle: int) -> None:
    """Marks an open file as in use until it is closed; Windows keeps a file that is open anyway.

    Raises:
        OSError: another process, or another part of this one, has marked it.
    """
    if sys.platform != "win32":
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
