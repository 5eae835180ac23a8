"""Recurrent Attention Model: a network that sees an image through a few small glimpses."""

from ram.checkpoints import load_checkpoint
from ram.config import RAMConfig
from ram.data.drawing import prepare_drawing
from ram.model import RAM, Rollout

__all__ = ["RAM", "RAMConfig", "Rollout", "load_checkpoint", "prepare_drawing"]
