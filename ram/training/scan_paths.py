"""A few digits whose looks a run records again and again, so that one can see the gaze being learned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator

from ram.data.mixture import Mixture
from ram.data.mnist import Digits, as_floats
from ram.model import RAM

TRACED_CLASSES = (2, 3, 4, 5, 7, 8)


def traced_digits(mixture: Mixture) -> Digits:
    """The few digits, one of a class, whose looks are recorded: own symbols first, then own drawings."""
    held_back, validation, names = mixture.held_back, mixture.validation, mixture.classes
    pool = Digits(*(torch.cat(pair) for pair in zip(held_back, validation, strict=True)))
    labels = pool.labels.tolist()
    first = {label: labels.index(label) for label in set(labels)}  # a drawing where there is one

    def rank(label: int) -> tuple[bool, bool, bool, int]:
        is_digit, is_drawn = names[label] == str(label), first[label] < len(held_back.labels)
        return is_digit, not is_drawn, label not in TRACED_CLASSES, label

    chosen = sorted(sorted(first, key=rank)[: len(TRACED_CLASSES)])
    return pool.take(torch.tensor([first[label] for label in chosen]))


def describe(digits: Digits, classes: tuple[str, ...]) -> dict[str, Any]:
    """The first row of traces.jsonl: which digits these are."""
    return {"images": digits.images.tolist(), "labels": digits.labels.tolist(), "classes": list(classes)}


@torch.inference_mode()
def trace(model: RAM, digits: Digits) -> dict[str, Any]:
    """One look at each digit, always from the same first glimpses; the other rows are such looks."""
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
