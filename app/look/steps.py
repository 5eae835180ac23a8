"""Steps that were taken under the microscope, as the address writes them: on the looks of which seeds."""

from __future__ import annotations

import itertools
import re

MOST_STEPS = 100
_PART = re.compile(r"(\d{1,6})x(\d{1,3})", re.ASCII)


def parse_steps(text: str) -> tuple[int, ...]:
    """The seeds of the steps: "3x2.9x1" stands for two steps from seed 3 on, and one with seed 9.

    Raises:
        ValueError: it is written otherwise, or there are more than `MOST_STEPS`.
    """
    parts = [_PART.fullmatch(part) for part in text.split(".")] if text else []
    seeds: list[int] = []
    for part in parts:
        if part is None:
            raise ValueError(text)
        first, count = map(int, part.groups())
        seeds += range(first, first + count)
        if not count or len(seeds) > MOST_STEPS:
            raise ValueError(text)
    return tuple(seeds)


def steps_text(seeds: tuple[int, ...]) -> str:
    """The text that `parse_steps` reads."""
    numbered = [*enumerate(seeds)]
    runs = ([seed for _, seed in run] for _, run in itertools.groupby(numbered, key=lambda step: step[1] - step[0]))
    return ".".join(f"{run[0]}x{len(run)}" for run in runs)
