"""A convolutional network that sees the whole digit, for RAM to learn from.

It is about half as often wrong as RAM, which sees a few small patches. Told to give the same probabilities, RAM learns
of every changed digit how much it looks like what, where a label only says what it was before (knowledge
distillation, Hinton et al. 2015). The teacher has no part in what RAM sees or does. `ram/train_teacher.py` trains it.
"""

from __future__ import annotations

import torch
from safetensors.torch import load_file
from torch import nn

from ram.checkpoints import SHIPPED

PATH = SHIPPED / "teacher/teacher.safetensors"


class Teacher(nn.Sequential):
    """Four convolutions; (batch, 28, 28) grey levels in [0, 1] to (batch, 10) logits. 186,634 parameters."""

    def __init__(self) -> None:
        super().__init__(
            nn.Unflatten(1, (1, 28)),
            *_convolution(1, 32, size=5, stride=2),
            *_convolution(32, 48),
            *_convolution(48, 96, stride=2),
            *_convolution(96, 96),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(96 * 7 * 7, 10),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _convolution(channels: int, features: int, *, size: int = 3, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, features, size, stride=stride, padding=size // 2, bias=False)
    return [convolution, nn.BatchNorm2d(features), nn.ReLU()]


def load_teacher() -> Teacher:
    """The shipped teacher, ready to be asked."""
    teacher = Teacher()
    teacher.load_state_dict(load_file(PATH))
    return teacher.eval().requires_grad_(False)
