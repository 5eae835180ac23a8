"""How the user interferes with a look: glimpses that look elsewhere, the way back, and what else was asked about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.look.force import Place, force_text, moved, parse_force
from app.session import settings
from app.session.settings import Steering

if TYPE_CHECKING:
    from app.look.elsewhere import Elsewhere

LONGEST_MEMORY = 100  # moves that can be taken back


@dataclasses.dataclass(frozen=True)
class Question:
    """What would have come out if a glimpse had looked elsewhere?"""

    viewer: str
    """The key of the viewer that asks."""
    glimpse: int
    """From 1."""


@dataclasses.dataclass(frozen=True)
class _State:
    before: tuple[Steering, ...] = ()
    """Where glimpses looked before each move."""
    move: int = 0
    """The number that the browser gave the last move."""
    question: Question | None = None
    about: str = ""
    """Identifies the look that was on the page when it was asked."""
    shown: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Identifies the look that is on the page, by viewer."""
    answer: Elsewhere | None = None


def move_glimpse(glimpse: int, place: Place, number: int) -> None:
    """Makes a glimpse look at a place, and lets the model go on by itself from there.

    Args:
        glimpse: from 1; no policy chooses the first, which just begins elsewhere.
        place: (x, y) in [-1, 1].
        number: what the browser calls this move.
    """
    now = settings.steering()
    force = parse_force(now.force)
    _change(before=(*_state().before, now)[-LONGEST_MEMORY:], move=number)
    if glimpse == 1 and 1 not in force:
        settings.stop_forcing()
        settings.choose_place(*place)
    else:
        settings.steer(now._replace(force=force_text(moved(force, glimpse, place))))


def undo() -> None:
    """Takes the last move back."""
    if before := _state().before:
        settings.steer(before[-1])
        _change(before=before[:-1])


def own_way() -> None:
    """Lets the model look where it likes from its first glimpse on."""
    now = settings.steering()
    if now.force:
        settings.stop_forcing()
        _change(before=(*_state().before, now)[-LONGEST_MEMORY:])


def forget() -> None:
    """Lets the model look where it likes; there is nothing to take back any more."""
    settings.stop_forcing()
    if can_undo():
        _change(before=())


def can_undo() -> bool:
    """Whether there is a move to take back."""
    return bool(_state().before)


def last_move() -> int:
    """The number that the browser gave the last move; 0 if there was none."""
    return _state().move


# ---- what another look would have changed ----


def ask(question: Question) -> None:
    """Asks about the look that is on the page."""
    _change(question=question, about=_state().shown.get(question.viewer, ""), answer=None)


def question_about(look: str, viewer: str) -> Question | None:
    """What a viewer has asked about a look, identified by this text, if it is the one that was on the page."""
    state = _state()
    if state.shown.get(viewer) != look:
        _change(shown={**state.shown, viewer: look})
    asked = state.question is not None and state.question.viewer == viewer and state.about == look
    return state.question if asked else None


def answer() -> Elsewhere | None:
    """The answer to the last question, once it is there."""
    return _state().answer


def keep_answer(found: Elsewhere) -> None:
    """Keeps the answer to the last question for the runs to come."""
    _change(answer=found)


def _state() -> _State:
    state: _State = st.session_state.get("steering", _State())
    return state


def _change(**changes: object) -> None:
    st.session_state.steering = dataclasses.replace(_state(), **changes)  # type: ignore[arg-type]
