"""The Train page: what to train on the left, on the right the runs of this server."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.pages import pages
from app.server import resources
from app.server.shell import heading
from app.session.click_once import once
from app.session.messages import plain_text

if TYPE_CHECKING:
    from app.runs.jobs import Jobs
    from app.runs.run_list import Job


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    with st.container(key="workshop"):
        st.container(key="workshop-title").html(heading("train"))
        setup = st.container(key="setup")
        stage = st.container(key="stage-of-runs")
    with stage:
        waking = st.empty()
    if not resources.is_warm():
        waking.info("Waking PyTorch. This takes a few seconds, once.", icon=":material/hourglass_top:")
    from app.runs.jobs import jobs

    runs = jobs()
    waking.empty()
    with setup:
        _setup(runs)
    with stage:
        _runs(runs)


def _setup(runs: Jobs) -> None:
    from app.runs.estimate import in_words, training_seconds
    from app.session import recipe
    from ram.checkpoints import parameter_count

    recipe.restore()
    st.html("<h2>New run</h2>")
    recipe.show_presets()
    problem, summary = "", ""
    with st.expander("Change the recipe", icon=":material/edit:", expanded=bool(st.session_state.recipe)):
        recipe.show_form()
    recipe.remember()
    try:
        wish = recipe.read()
        seconds = training_seconds(wish.config, with_drawings=wish.drawings is not None)
        summary = f"**{parameter_count(wish.config.model):,}** parameters, about **{in_words(seconds)}** of training"
        if seconds > 60 * runs.limits.longest_run:
            problem = (
                f"This would take about {in_words(seconds)}; this server trains at most "
                f"{runs.limits.longest_run:g} minutes: take fewer epochs, or a time budget."
            )
    except ValueError as error:
        problem = f"{error}."
    if st.session_state.preset == recipe.OWN and not _has_drawings():
        problem = "There are no drawings of yours yet: draw some first."
        st.page_link(pages()["drawings"], label="Draw and label some", icon=":material/gesture:")
    st.text_input("Name of the run", key="run_name", placeholder=_default_name(), max_chars=resources.LONGEST_NAME)
    if problem:
        st.warning(problem, icon=":material/block:")
    else:
        st.markdown(summary)
    busy = any(job.status in ("running", "waiting") for job in runs.all())
    st.button(
        f"Queue it as number {len(runs.queue()) + 1}" if busy else "Start training",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(problem),
        on_click=once(_submit, runs),
        key="start_training",
    )
    if st.session_state.get("refusal"):
        st.error(st.session_state.pop("refusal"), icon=":material/block:")
    st.caption(recipe.describe_limits())


def _has_drawings() -> bool:
    from app.session.drawings import current_collection

    return len(current_collection().digits.labels) > 0


def _default_name() -> str:
    from ram.presets import PRESETS

    return PRESETS[st.session_state.preset].title


def _submit(runs: Jobs) -> None:
    from app.runs.jobs import JobError
    from app.session import recipe

    state = st.session_state
    try:
        wish = recipe.read()
        run = runs.submit(wish.config, state.run_name or _default_name(), start=wish.start, drawings=wish.drawings)
    except (JobError, ValueError) as error:
        state.refusal = str(error)
    else:
        state.run, state.against, state.run_name = run, "", ""
        # On a phone the run stands far below the button.
        st.toast(f"Started: {plain_text(runs.all()[0].name)}", icon=":material/model_training:")


def _runs(runs: Jobs) -> None:
    from app.views import run_view

    known = runs.all()
    state = st.session_state
    if known and state.run not in {job.id for job in known}:
        state.run = _most_interesting(known).id
    with st.container(horizontal=True, vertical_alignment="bottom", key="run-bar"):
        if known:
            _choice(known)
        job, other = runs.get(state.run), runs.get(state.against)
        if job is not None:
            _actions(runs, job)
        _more(runs, job)
    if state.get("problem_with_run"):
        st.error(state.pop("problem_with_run"), icon=":material/error:")
    run_view.show_queue(runs)
    if job is None:
        run_view.show_invitation()
    else:
        run_view.show_run(runs, job, other)


def _most_interesting(known: list[Job]) -> Job:
    """The run that is training, or else the newest."""
    return next((job for job in known if job.status == "running"), known[0])


def _choice(known: list[Job]) -> None:
    """Which run is shown, and with which it is compared."""
    state, names = st.session_state, {job.id: job.name for job in known}
    st.selectbox("Run", [*names], key="run", format_func=lambda job: names[job], width=230)
    others = ["", *(job for job in names if job != state.run)]
    if state.against not in others:
        state.against = ""
    st.selectbox("Compare with", others, key="against", format_func=lambda job: names.get(job, "nothing"), width=180)


def _actions(runs: Jobs, job: Job) -> None:
    """What one does most with a run."""
    if job.status in ("running", "waiting"):
        label = "Stop" if job.status == "running" else "Take it out of the queue"
        st.button(label, icon=":material/stop:", on_click=once(_try, runs.stop, job.id), key="stop")
    if job.can_resume:
        st.button("Resume", icon=":material/play_arrow:", on_click=once(_try, runs.resume, job.id), key="resume")
    if job.has_checkpoint:
        if st.button("Use on Draw", icon=":material/draw:", key="use", help="Draw, and this model looks."):
            _use(job, compare="no")
        if st.button(
            "Compare on Draw", icon=":material/compare:", key="use-compare", help="Beside the pretrained one."
        ):
            _use(job, compare="yes")


def _more(runs: Jobs, job: Job | None) -> None:
    """What one does now and then."""
    with st.popover("More", icon=":material/more_horiz:", key="more"):
        if job is not None:
            if job.has_checkpoint:
                st.download_button(
                    "Download the checkpoint",
                    runs.run_folder(job.id).best.read_bytes,
                    f"{_file_name(job.name)}.safetensors",
                    "application/octet-stream",
                    on_click="ignore",
                    icon=":material/download:",
                    key="download-checkpoint",
                )
            name = f"rename-{job.id}"
            st.text_input("Name", job.name, key=name, max_chars=resources.LONGEST_NAME)
            st.button("Rename", icon=":material/edit:", on_click=once(_rename, runs, job.id), key="rename")
            sure = st.checkbox(f"Delete {plain_text(job.name)} for everyone, for good", key=f"sure-{job.id}")
            st.button(
                "Delete",
                icon=":material/delete:",
                disabled=not sure,
                on_click=once(_try, runs.delete, job.id),
                key="delete",
            )
        _upload(runs)


def _use(job: Job, compare: str) -> None:
    st.session_state.model, st.session_state.compare = job.id, compare
    st.switch_page(pages()["draw"])


def _rename(runs: Jobs, job_id: str) -> None:
    _try(runs.rename, job_id, st.session_state[f"rename-{job_id}"])
    st.session_state.run = job_id  # the list in the browser knows it by its old name


def _try(wish: Any, *arguments: Any) -> None:
    from app.runs.jobs import JobError

    try:
        wish(*arguments)
    except JobError as error:
        st.session_state.problem_with_run = str(error)


def _upload(runs: Jobs) -> None:
    st.file_uploader(
        "Upload a checkpoint that was trained with this project",
        type=["safetensors"],
        max_upload_size=math.ceil(runs.limits.largest_model * 4 / 1e6) + 1,
        key="checkpoint",
        on_change=_take_upload,
        args=(runs,),
    )


def _take_upload(runs: Jobs) -> None:
    from app.runs.jobs import JobError

    file = st.session_state.checkpoint
    if file is None:
        return
    try:
        st.session_state.run = runs.add_checkpoint(file.getvalue(), file.name.removesuffix(".safetensors"))
        st.session_state.against = ""
    except JobError as error:
        st.session_state.problem_with_run = str(error)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "checkpoint"
