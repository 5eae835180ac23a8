"""The next run: its recipe, its name, and the button that starts it."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from app.runs.estimate import in_words, training_seconds
from app.runs.jobs import JobError, Jobs
from app.runs.memory import memory_problem
from app.server.catalogue import LONGEST_NAME
from app.session import messages, pages, recipe, runs_on_show, widgets
from app.session.click_once import once
from app.session.drawings import current_collection
from app.session.messages import Message, plain_text
from app.views import recipe_form
from ram.checkpoints import parameter_count
from ram.presets import PRESETS

PAGE, PLACE = "train", "start"  # where the page says why a run could not be started
NAME = "run_name"


class _Check(NamedTuple):
    """What can be said of a recipe before it is trained."""

    summary: str
    problem: str
    """Why it cannot be trained, in one sentence; empty if it can."""


def show(runs: Jobs) -> None:
    """Draws the form."""
    recipe.restore()
    st.html("<h2>New run</h2>")
    recipe_form.show_presets()
    with st.expander("Change the recipe", icon=":material/edit:", expanded=bool(recipe.current().changed)):
        recipe_form.show_fields()
    recipe.remember()
    summary, problem = _check(runs)
    if recipe.current().preset == recipe.OWN and not len(current_collection().digits.labels):
        problem = "There are no drawings of yours yet: draw some first."
        st.page_link(pages.page("drawings"), label="Draw and label some", icon=":material/gesture:")
    st.text_input("Name of the run", key=NAME, placeholder=_default_name(), max_chars=LONGEST_NAME)
    if problem:
        st.warning(plain_text(problem), icon=":material/block:")
    else:
        st.markdown(summary)
    _start_button(runs, disabled=bool(problem))
    if refusal := messages.take(PAGE, PLACE):
        st.error(plain_text(refusal.text), icon=":material/block:")
    st.caption(recipe_form.describe_limits())


def _check(runs: Jobs) -> _Check:
    try:
        wanted = recipe.read()
        seconds = training_seconds(wanted.config, with_drawings=wanted.drawings is not None)
    except ValueError as error:
        return _Check("", f"{error}.")
    summary = f"**{parameter_count(wanted.config.model):,}** parameters, about **{in_words(seconds)}** of training"
    if problem := memory_problem(wanted.config, runs.limits, with_drawings=wanted.drawings is not None):
        return _Check(summary, problem)
    if seconds <= 60 * runs.limits.longest_run:
        return _Check(summary, "")
    return _Check(
        summary,
        f"This would take about {in_words(seconds)}; this server trains at most {runs.limits.longest_run:g} minutes: "
        "take fewer epochs, or a time budget.",
    )


def _start_button(runs: Jobs, *, disabled: bool) -> None:
    busy = any(job.status in ("running", "waiting") for job in runs.all())
    st.button(
        f"Queue it as number {len(runs.queue()) + 1}" if busy else "Start training",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=disabled,
        on_click=once(_submit, runs),
        key="start_training",
    )


def _default_name() -> str:
    return PRESETS[recipe.current().preset].title


def _submit(runs: Jobs) -> None:
    try:
        wanted = recipe.read()
        name = widgets.value(NAME) or _default_name()
        run = runs.submit(wanted.config, name, start=wanted.start, drawings=wanted.drawings)
    except (JobError, ValueError) as error:
        messages.say(PAGE, Message(str(error), PLACE, is_problem=True))
        return
    runs_on_show.show_alone(run)
    widgets.put(NAME, "")
    # On a phone the run stands far below the button.
    if (job := runs.get(run)) is not None:
        st.toast(f"Started: {plain_text(job.name)}", icon=":material/model_training:")
