"""Which of the server's runs a session shows on the Train page, and the one beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import streamlit as st

RUN, AGAINST = "run", "against"  # the widgets that choose them


@dataclasses.dataclass(frozen=True)
class RunsOnShow:
    """Ids of runs; empty where there is none."""

    run: str
    against: str
    """The run that it is compared with."""


def current() -> RunsOnShow:
    """The runs on show."""
    return RunsOnShow(st.session_state.run, st.session_state.against)


def show(run: str) -> None:
    """Shows this run; the comparison stays."""
    st.session_state.run = run


def show_alone(run: str) -> None:
    """Shows this run, compared with none."""
    st.session_state.run, st.session_state.against = run, ""


def compare_with_one_of(runs: Sequence[str]) -> None:
    """Ends the comparison with a run that is not among these."""
    if st.session_state.against not in runs:
        st.session_state.against = ""
