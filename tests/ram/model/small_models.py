"""Models from one seed, and images for them, for tests."""

from typing import Any

import torch
from torch import Generator, Tensor

from ram.config import RAMConfig
from ram.model import RAM

SMALL: dict[str, Any] = {"glimpse_size": 4, "num_glimpses": 4, "hidden_size": 16, "glimpse_hidden_size": 8}


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def make(**config: Any) -> RAM:
    torch.manual_seed(0)
    return RAM(RAMConfig(**config))


def some_images(count: int = 3, height: int = 28, width: int = 28) -> Tensor:
    return torch.rand(count, height, width, generator=seeded(9))
