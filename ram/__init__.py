"""Recurrent Attention Model: a network that sees an image through a few small glimpses."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ram.checkpoints import load_checkpoint
    from ram.config import RAMConfig
    from ram.data.drawing import prepare_drawing
    from ram.model import RAM, Rollout

__all__ = ["RAM", "RAMConfig", "Rollout", "load_checkpoint", "prepare_drawing"]

_PLACES = {
    "RAM": "ram.model",
    "RAMConfig": "ram.config",
    "Rollout": "ram.model",
    "load_checkpoint": "ram.checkpoints",
    "prepare_drawing": "ram.data.drawing",
}


def __getattr__(name: str) -> object:
    """Imports what is asked for only then: preparing a drawing needs no PyTorch, which takes seconds to import."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
