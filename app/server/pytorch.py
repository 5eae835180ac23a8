"""Whether PyTorch has been imported yet, and which devices it offers; asking does not import it."""

from __future__ import annotations

import sys
from pathlib import Path

DEVICES = {"auto": "auto", "CPU": "cpu", "GPU": "cuda"}  # what the page and PyTorch call them


def is_warm() -> bool:
    """Whether PyTorch and the model's code have been imported, so that nothing keeps the user waiting."""
    # While a module is being imported, it is in `sys.modules`, too, but still empty.
    return hasattr(sys.modules.get("ram.model"), "RAM")


def device_names() -> list[str]:
    """The devices to choose from; the GPU only where there is one."""
    return ["auto", "CPU", "GPU"] if _has_gpu() else ["auto", "CPU"]


def _has_gpu() -> bool:
    # On a cold server the driver's device file tells; a wrong guess ends in a clear error.
    if not is_warm():
        return Path("/dev/nvidia0").exists()
    return bool(sys.modules["torch"].cuda.is_available())
