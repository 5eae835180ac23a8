"""What lies under the microscope of the Learning page, and what was done there; all of it stands in the URL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from app.look.steps import MOST_STEPS, parse_steps, steps_text
from app.session.settings import LARGEST_SEED

if TYPE_CHECKING:
    from ram.config import Baseline, Reward

Follows = Literal["reinforce", "action", "value", "all"]


@dataclasses.dataclass(frozen=True)
class Microscope:
    """The settings of the page."""

    stage: str
    """The key of a stage of a training."""
    move: int
    """Which move is sampled, from 1."""
    subtract: Baseline
    """The baseline."""
    earns: Reward
    sigma: float
    follows: Follows
    """The parts of the loss that a step follows."""
    through: Literal["no", "yes"]
    """Whether the supervised gradient is let through the location."""
    draw_number: int
    """The seed of the looks on show."""
    taken: str
    """The steps so far; see `app.look.steps`."""
    label: str
    """What somebody said that their drawing is; empty if nothing."""

    @property
    def steps(self) -> tuple[int, ...]:
        """The seeds of the steps so far."""
        return parse_steps(self.taken)

    @property
    def can_step(self) -> bool:
        """Whether there is room for ten more."""
        return len(self.steps) + 10 <= MOST_STEPS and self.draw_number + 20 <= LARGEST_SEED


def current() -> Microscope:
    """The settings as they are now."""
    return Microscope(**{field.name: st.session_state[field.name] for field in dataclasses.fields(Microscope)})


def choose_stage(stages: Sequence[str], first: str) -> None:
    """Takes the first choice where there is no such stage as the URL says."""
    if st.session_state.stage not in stages:
        st.session_state.stage = first


def choose_move(moves: int) -> None:
    """Takes the last move where there is no such move as the URL says."""
    st.session_state.move = max(min(st.session_state.move, moves), 1)


def look_at_others() -> None:
    """Draws the next looks."""
    st.session_state.draw_number = (st.session_state.draw_number + 1) % LARGEST_SEED


def step(count: int) -> None:
    """Takes steps, each on new looks; the looks on show are those of the first one."""
    now = current()
    if now.can_step:
        st.session_state.taken = steps_text((*now.steps, *range(now.draw_number, now.draw_number + count)))
        st.session_state.draw_number = now.draw_number + count


def back_to_the_start() -> None:
    """Takes all steps back, and shows the first looks again."""
    st.session_state.taken, st.session_state.draw_number = "", 0
    st.session_state.hint = ""


def set_up(part: str, hint: str, **settings: Any) -> None:
    """Shows something, from the start; the browser brings that part of the page into view.

    Args:
        part: "microscope" or "gradients".
        hint: what to look at there, until something else lies under the microscope.
        settings: by name.
    """
    back_to_the_start()
    _, number = st.session_state.get("wanted_part", ("", 0))
    st.session_state.wanted_part, st.session_state.hint = (part, number + 1), hint
    for name, value in settings.items():
        st.session_state[name] = value


def call_of(part: str) -> int:
    """The number of the call that brings a part into view; 0 if another part was called last."""
    wanted, number = st.session_state.get("wanted_part", ("", 0))
    return number if wanted == part else 0


def hint_of(part: str) -> str:
    """What to look at in a part of the page; empty where nothing was called."""
    return str(st.session_state.get("hint", "")) if call_of(part) else ""


def label_of(picture: int) -> str:
    """What this picture is said to be: what was said of another does not count for it."""
    labelled = st.session_state.setdefault("labelled", picture)
    if labelled != picture:
        st.session_state.labelled = picture
        st.session_state.label = ""
    return st.session_state.label or ""


def say(label: str) -> None:
    """Says what the picture is."""
    st.session_state.label = label
