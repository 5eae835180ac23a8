"""The scan paths of a few digits, recorded again and again, so that one can see the gaze being learned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator

from ram.data.mnist import Digits, as_floats
from ram.model import RAM

FOLLOWED_CLASSES = (2, 3, 4, 5, 7, 8)


def followed_digits(validation: Digits, held_back: Digits, names: tuple[str, ...]) -> Digits:
    """The few images, one of a class, whose scan paths are recorded: own symbols first, then own drawings.

    Args:
        validation: MNIST digits that the run does not train on.
        held_back: drawings that it does not train on.
        names: of the classes.
    """
    pool = Digits(*(torch.cat(pair) for pair in zip(held_back, validation, strict=True)))
    labels = pool.labels.tolist()
    first = {label: labels.index(label) for label in set(labels)}  # a drawing where there is one

    def rank(label: int) -> tuple[bool, bool, bool, int]:
        is_digit, is_drawn = names[label] == str(label), first[label] < len(held_back.labels)
        return is_digit, not is_drawn, label not in FOLLOWED_CLASSES, label

    chosen = sorted(sorted(first, key=rank)[: len(FOLLOWED_CLASSES)])
    return pool.take(torch.tensor([first[label] for label in chosen]))


def describe(digits: Digits, classes: tuple[str, ...]) -> dict[str, Any]:
    """The first row of traces.jsonl: the digits that are followed."""
    return {"images": digits.images.tolist(), "labels": digits.labels.tolist(), "classes": list(classes)}


@torch.inference_mode()
def scan_paths(model: RAM, digits: Digits) -> dict[str, Any]:
    """One look at each digit, always from the same first glimpses; every other row of traces.jsonl."""
    device = next(model.parameters()).device
    images = as_floats(digits.images.to(device))
    first = torch.rand(len(images), 2, generator=Generator().manual_seed(0)) * 2 - 1
    rollout = model.rollout(images, sample_locations=False, initial_location=first.to(device))
    return {
        name: [[_rounded(step) for step in digit] for digit in getattr(rollout, name).tolist()]
        for name in ("locations", "values", "class_probs")
    }


def _rounded(numbers: Any) -> Any:
    """Four digits are more than a screen shows, and keep the file small."""
    return [round(number, 4) for number in numbers] if isinstance(numbers, list) else round(numbers, 4)
