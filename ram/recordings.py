"""Recorded runs, which ship with the project: what each one shows, and the stages of the one that is kept in steps.

A recorded run is a folder as `ram.train` writes it, in `checkpoints/recorded`, without what would only serve to go on
with it. `python -m ram.record` makes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ram.checkpoints import SHIPPED
from ram.config import RAMConfig, TrainConfig
from ram.evaluation import is_number
from ram.files import parse_json, read_file
from ram.presets import PRESETS

RECORDED = SHIPPED / "recorded"
IMAGES_PER_SECOND = 10_000  # in a recorded run's time: about as fast as two idle cores (docs/performance.md)
INDEX = "stages.json"  # in the folder of a run that is kept in stages
FORMAT = "ram-stages-1"
LARGEST_INDEX = 64 * 1024  # bytes


class Recording(NamedTuple):
    """A run that is recorded."""

    title: str
    shows: str
    """What it is there to show, as a sentence."""
    model: RAMConfig
    training: TrainConfig
    looks_at_random: bool = False
    """Whether it looks at random places, while it is trained and when it is measured."""
    stages: tuple[tuple[float, str], ...] = ()
    """Seconds of training after which its weights are kept, and what this moment is called; none keeps no weights."""


class Stage(NamedTuple):
    """The weights of a run at one moment of its training."""

    path: Path
    """Their checkpoint."""
    name: str
    step: int
    seconds: float
    validation_error: float
    """In percent."""


_ONE_MINUTE, _NO_BASELINE, _TINY = (PRESETS[name] for name in ("one-minute", "no-baseline", "tiny-glimpses"))
_WITHOUT_BASELINE = "The same minute with nothing subtracted from the reward, with a seed of its own."

RECORDINGS: dict[str, Recording] = {
    "one-minute": Recording(
        "One minute",
        "Four glimpses learn where to look, with the value as the baseline.",
        _ONE_MINUTE.model,
        _ONE_MINUTE.training.replace(seed=1),
        stages=((0, "untrained"), (5, "after 5 seconds"), (30, "after half a minute"), (60, "after a minute")),
    ),
    **{
        f"no-baseline-{seed}": Recording(
            f"No baseline, {seed}",
            _WITHOUT_BASELINE,
            _NO_BASELINE.model,
            _NO_BASELINE.training.replace(seed=seed),
        )
        for seed in (1, 2, 3)
    },
    "tiny-glimpses": Recording(
        "Glimpses too small",
        "Four glimpses of 3×3 pixels show too little to see what it is and where to look next.",
        _TINY.model,
        _TINY.training.replace(seed=1),
    ),
    "no-reinforce": Recording(
        "REINFORCE off",
        "Only the answer is learned: nothing teaches the location network where to look. That it reads as well "
        "shows how much of 28×28 pixels four glimpses at two scales see anyway.",
        _ONE_MINUTE.model,
        _ONE_MINUTE.training.replace(seed=1, reinforce_weight=0.0),
    ),
    "random-gaze": Recording(
        "Random gaze",
        "It is trained to read what it happens to see at random places.",
        _ONE_MINUTE.model,
        _ONE_MINUTE.training.replace(seed=1, reinforce_weight=0.0),
        looks_at_random=True,
    ),
}


def read_stages(run: str, folder: Path = RECORDED) -> list[Stage]:
    """The stages of a recorded run, the first one first; what is missing or damaged is left out."""
    path = folder / run
    try:
        found = parse_json(read_file(path / INDEX, LARGEST_INDEX))
    except (OSError, ValueError):
        return []
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("stages"), list):
        return []
    return [stage for row in found["stages"] if (stage := _stage(path, row)) is not None]


def _stage(folder: Path, row: Any) -> Stage | None:
    try:
        stage = Stage(folder / row["file"], row["name"], row["step"], row["seconds"], row["validation_error"])
        is_file = stage.path.is_file()
    except (KeyError, TypeError, ValueError, OSError):  # the last two for names that cannot be one of a file
        return None
    numbers = (stage.step, stage.seconds, stage.validation_error)
    right = (
        isinstance(stage.name, str)
        and type(stage.step) is int
        and all(is_number(number) and number >= 0 for number in numbers)
        and stage.path.parent == folder  # no other file, wherever it lies
        and is_file
    )
    return stage if right else None
