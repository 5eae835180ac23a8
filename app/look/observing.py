"""What the microscope shows of a model: looks, what they push, and where steps have led. Kept for all sessions."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.look.cost import USUAL, look_cost
from app.look.force import Place
from app.look.looking import LookRequest, look
from app.look.microscope import (
    REDRAWS,
    Draw,
    Learned,
    Setup,
    draw_looks,
    push,
    redraw,
    take_steps,
    untouched,
)
from app.look.scene import Scene
from app.look.through import Through, through_location
from app.server.catalogue import checkpoint_path, model_labels, unique_name
from app.server.limits import MB, read_limits
from app.server.memo import Memo
from app.server.models import load_model_of
from ram.checkpoints import CheckpointError, CheckpointInfo
from ram.config import Baseline
from ram.recordings import RECORDINGS, read_stages

LARGEST = 4  # times what a look of a usual model multiplies: a hundred steps then take some seconds
JUDGED = range(-REDRAWS, 0)  # seeds that neither a draw on show nor a step has
RUN = "one-minute"  # the recorded run that is kept in stages


class Stage(NamedTuple):
    """A model at one moment of its training."""

    label: str
    path: Path
    model: str = ""
    """Its name, if it is one of the `model_names`."""


class _File(NamedTuple):
    path: Path
    modified: int


class Observation(NamedTuple):
    """All that is shown of one setup."""

    scene: Scene
    """The look of the policy's means."""
    draw: Draw
    redraws: dict[Baseline, list[np.ndarray]]
    """The pushes of the draw and those after it: with the baseline in question, and with none."""
    earned: tuple[float, float]
    """Mean reward of the looks of ten draws that are always the same: before any step, and now."""
    means: tuple[Place, ...]
    """Of the policy for the move in question: before the first step and after each."""
    through: Through | None


def stages() -> dict[str, Stage]:
    """The stages that can be chosen, by their key: those of the recorded run, then all models and runs."""
    folder = read_limits().checkpoints / "recorded"
    found: dict[str, Stage] = {}
    taken: set[str] = set()  # a list to choose from tells options apart by their labels

    def add(key: str, label: str, path: Path, model: str = "") -> None:
        if key not in found:
            found[key] = Stage(unique_name(label, taken), path, model)
            taken.add(found[key].label)

    for stage in read_stages(RUN, folder):
        add(f"{RUN}-{stage.step}", f"{RECORDINGS[RUN].title}: {stage.name}", stage.path)
    for name, label in model_labels().items():
        add(name, label, checkpoint_path(name), name)
    return found


def first_choice(choices: Mapping[str, Stage]) -> str:
    """The stage that a newcomer finds: early in the recorded training, where there is something to learn.

    Raises:
        CheckpointError: there is none at all.
    """
    keys = [*choices]
    if not keys:
        raise CheckpointError("There is no model: put a checkpoint into the folder checkpoints/")
    return keys[1] if keys[1:] and not choices[keys[1]].model else keys[0]


def problem_of(info: CheckpointInfo) -> str:
    """Why a model cannot lie under the microscope, as a sentence; empty if it can."""
    if info.config.num_glimpses < 2:
        return "This model looks only once: it has no move to learn. Choose another stage"
    times = look_cost(info.config, info.image_size).multiplications / USUAL.multiplications
    if times > LARGEST:
        return (
            f"This model computes {times:.0f} times as much as a usual one, too much for so many looks. Choose another"
        )
    return ""


def observe(path: Path, setup: Setup, taken: Sequence[int], seed: int, *, through: bool) -> Observation:
    """What is to be seen after the steps on the looks of the seeds in `taken`, in the looks of `seed`.

    Raises:
        CheckpointError: the file is missing or unusable.
        ValueError: its weights, or those after the steps, are so large that a look gives no numbers.
    """
    file = _File(path, path.stat().st_mtime_ns if path.exists() else 0)
    return _kept().get(
        ("observed", file, setup, tuple(taken), seed, through),
        lambda: _observe(file, setup, tuple(taken), seed, through),
        lambda found: len(pickle.dumps(found)) + len(setup.pixels),
    )


def _observe(file: _File, setup: Setup, taken: tuple[int, ...], seed: int, through: bool) -> Observation:
    seeds = range(seed, seed + REDRAWS)
    learned = _learned(file, setup, taken)
    now = redraw(learned.model, setup, seeds)
    kinds: set[Baseline] = {"none", setup.baseline}
    request = LookRequest(file.path.stem, first="place", place=setup.start)
    return Observation(
        scene=look(learned.model, setup.image, request, "", truth=setup.label),
        draw=draw_looks(learned.model, setup, seed),
        redraws={kind: [push(looks, setup.std, kind) for looks in now] for kind in kinds},
        earned=(_judged(file, setup, ()), _judged(file, setup, taken)),
        means=learned.means,
        through=through_location(learned.model, setup) if through else None,
    )


def _judged(file: _File, setup: Setup, taken: tuple[int, ...]) -> float:
    """Mean reward after these steps. Always of the same draws: what differs is what was learned, not the luck."""

    def judge() -> float:
        draws = redraw(_learned(file, setup, taken).model, setup, JUDGED)
        return float(np.mean([looks.rewards.mean() for looks in draws]))

    return _kept().get(("judged", file, setup, taken), judge, lambda _: len(setup.pixels))


def _learned(file: _File, setup: Setup, taken: tuple[int, ...]) -> Learned:
    """A model after these steps: taken up where the last ones left off, if those are still kept."""
    if not taken:
        return untouched(load_model_of(file.path), setup)
    known = len(taken) - (len(taken) % 10 or 10)
    return _kept().get(
        ("learned", file, setup, taken),
        lambda: take_steps(_learned(file, setup, taken[:known]), setup, taken[known:]),
        lambda learned: learned.size + len(setup.pixels),
    )


@functools.cache
def _kept() -> Memo:
    return Memo(read_limits().kept_steps * MB)
