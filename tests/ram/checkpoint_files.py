"""Checkpoints of a small model, for tests."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ram.checkpoints import (
    CheckpointError,
    CheckpointInfo,
    load_checkpoint,
)
from ram.config import RAMConfig
from ram.model import RAM

CONFIG = RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4, num_actions=3)
INFO = CheckpointInfo(CONFIG, 28, {"preset": "mnist", "epochs": 6}, {"validation_error": 1.25, "epoch": 6})
# What the format is, written out: a file like this must stay readable.
METADATA = {
    "format": "ram-checkpoint-1",
    "config": '{"glimpse_size": 4, "num_glimpses": 3, "hidden_size": 8, "glimpse_hidden_size": 4, "num_actions": 3}',
    "image_size": "28",
    "recipe": '{"preset": "mnist", "epochs": 6}',
    "results": '{"validation_error": 1.25, "epoch": 6}',
}


def make_model(config: RAMConfig = CONFIG) -> RAM:
    torch.manual_seed(0)
    return RAM(config)


def weights_of(model: RAM) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


def write(path: Path, weights: dict[str, Tensor] | None = None, **metadata: str | None) -> None:
    """Writes a checkpoint without this project's code, with some of it replaced or (None) left out."""
    entries = {key: value for key, value in {**METADATA, **metadata}.items() if value is not None}
    save_file(weights_of(make_model()) if weights is None else weights, path, entries)


def refuse(path: Path, message: str) -> None:
    """Checks that a file is refused in one line that names it."""
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path, "cpu")
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
