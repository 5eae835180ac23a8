"""Files that are replaced as a whole: a crash or a full disk leaves the old content."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def write_tensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes a safetensors file atomically."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(Path(path), save(contiguous, metadata))


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file as a whole.

    Raises:
        OSError: the new content could not be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # its folder may have been removed meanwhile
        raise
