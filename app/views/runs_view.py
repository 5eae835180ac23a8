"""The runs of this server: which one is shown, and what can be done with it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.runs.jobs import JobError, Jobs
from app.runs.run_list import Job
from app.server.catalogue import LONGEST_NAME
from app.server.downloads import File
from app.server.limits import MB
from app.session import address, messages, pages, runs_on_show, settings, widgets
from app.session.click_once import once
from app.session.messages import Message, plain_text
from app.views import download, run_view
from ram.checkpoints import LARGEST_FILE
from ram.files import read_file

PAGE, PLACE = "train", "runs"  # where the page says why something could not be done with a run
CHECKPOINT = "checkpoint"


def show(runs: Jobs) -> None:
    """Draws the choice of a run, the queue and the run."""
    own = runs.all()
    known = [*own, *runs.recorded()]
    if known and runs_on_show.current().run not in {job.id for job in known}:
        runs_on_show.show(_most_interesting(own or known).id)
    with st.container(horizontal=True, vertical_alignment="bottom", key="run-bar"):
        if known:
            _choice(known)
        shown = runs_on_show.current()
        job, other = runs.get(shown.run), runs.get(shown.against)
        if job is not None:
            _actions(runs, job)
        _more(runs, job)
    if problem := messages.take(PAGE, PLACE):
        st.error(plain_text(problem.text), icon=":material/error:")
    run_view.show_queue(runs)
    if job is not None and job.recording is not None:
        run_view.show_recorded(runs, job)
    if job is None:
        run_view.show_invitation()
    else:
        run_view.show_run(runs, job, other)


def _most_interesting(known: list[Job]) -> Job:
    """The run that is training, or else the newest; of recorded runs the first."""
    return next((job for job in known if job.status == "running"), known[0])


def _choice(known: list[Job]) -> None:
    """Which run is shown, and with which it is compared."""
    names = {job.id: job.name for job in known}
    _list("Run", [*names], runs_on_show.RUN, names.__getitem__)
    others = ["", *(job for job in names if job != runs_on_show.current().run)]
    runs_on_show.compare_with_one_of(others)
    _list("Compare with", others, runs_on_show.AGAINST, lambda job: names.get(job, "nothing"))


def _list(label: str, runs: list[str], key: str, name: Callable[[str], str]) -> None:
    st.selectbox(label, runs, key=key, format_func=name, on_change=address.put_back, args=(key,), width=260)


def _actions(runs: Jobs, job: Job) -> None:
    """What is done most often with a run."""
    if job.status in ("running", "waiting"):
        label = "Stop" if job.status == "running" else "Take it out of the queue"
        st.button(label, icon=":material/stop:", on_click=once(_try, runs.stop, job.id), key="stop")
    if job.can_resume:
        st.button("Resume", icon=":material/play_arrow:", on_click=once(_try, runs.resume, job.id), key="resume")
    if job.has_checkpoint:
        if st.button("Use on Draw", icon=":material/draw:", key="use", help="Draw, and this model looks."):
            _use(job, compare=False)
        if st.button(
            "Compare on Draw", icon=":material/compare:", key="use-compare", help="Beside the pretrained one."
        ):
            _use(job, compare=True)


def _use(job: Job, *, compare: bool) -> None:
    settings.use_model(job.id, compare=compare)
    pages.go_to("draw")


def _more(runs: Jobs, job: Job | None) -> None:
    """What is done now and then."""
    with st.popover("More", icon=":material/more_horiz:", key="more"):
        if job is not None:
            if job.has_checkpoint:
                _download(runs, job)
            if job.recording is None:
                _rename_and_delete(runs, job)
        _upload(runs)


def _download(runs: Jobs, job: Job) -> None:
    name = f"{_file_name(job.name)}.safetensors"
    content = functools.partial(read_file, runs.run_folder(job.id).best, LARGEST_FILE)
    download.show("Download the checkpoint", File(name, "application/octet-stream", content), key="checkpoint")


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "checkpoint"


def _rename_and_delete(runs: Jobs, job: Job) -> None:
    st.text_input("Name", job.name, key=_name_key(job.id), max_chars=LONGEST_NAME)
    st.button("Rename", icon=":material/edit:", on_click=once(_rename, runs, job.id), key="rename")
    sure = st.checkbox(f"Delete {plain_text(job.name)} for everyone, for good", key=f"sure-{job.id}")
    st.button(
        "Delete", icon=":material/delete:", disabled=not sure, on_click=once(_try, runs.delete, job.id), key="delete"
    )


def _rename(runs: Jobs, job_id: str) -> None:
    _try(runs.rename, job_id, widgets.value(_name_key(job_id)))
    runs_on_show.show(job_id)  # the list in the browser knows it by its old name


def _name_key(job_id: str) -> str:
    return f"rename-{job_id}"


def _upload(runs: Jobs) -> None:
    st.file_uploader(
        "Upload a checkpoint that was trained with this project",
        type=["safetensors"],
        max_upload_size=math.ceil(runs.limits.largest_checkpoint / MB),
        key=CHECKPOINT,
        on_change=_take_upload,
        args=(runs,),
    )


def _take_upload(runs: Jobs) -> None:
    file = widgets.value(CHECKPOINT)
    if file is not None:
        _try(_add_checkpoint, runs, file.getvalue(), file.name.removesuffix(".safetensors"))


def _add_checkpoint(runs: Jobs, content: bytes, name: str) -> None:
    runs_on_show.show_alone(runs.add_checkpoint(content, name))


def _try(action: Callable[..., object], *arguments: Any) -> None:
    """Does something with the runs; if that is not possible, the page says why in one sentence."""
    try:
        action(*arguments)
    except JobError as error:
        messages.say(PAGE, Message(str(error), PLACE, is_problem=True))
