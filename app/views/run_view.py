"""One run, or two side by side, while they train: progress, curves, and the gaze being learned."""

from __future__ import annotations

import dataclasses
import html
from pathlib import Path
from typing import Any

import streamlit as st

from app.components.charts import charts_data, live_charts
from app.components.learning import learning_viewer, replay_json
from app.figures import curves
from app.figures.curve_sentences import reached_sentence, sentences, variance_sentence
from app.look.training_replay import read_replay
from app.runs.estimate import briefly, in_words
from app.runs.jobs import Jobs
from app.runs.run_list import Job
from app.server.one_at_a_time import turn
from app.session import runs_on_show
from app.session.messages import plain_text
from ram.checkpoints import parameter_count
from ram.config import RAMConfig, Reward, TrainConfig
from ram.recordings import IMAGES_PER_SECOND
from ram.train import command_line
from ram.training.run_folder import RunConfig, RunFolder

LIVE_S = 1.0
LIVE = ("running", "waiting")
CHARTS = {
    "accuracy": curves.accuracy_figure,
    "reward": curves.reward_figure,
    "loss": curves.loss_figure,
    "spread": curves.spread_figure,
}
STATUS = {
    "waiting": ("waiting for its turn", ":material/hourglass_top:"),
    "running": ("training", ":material/model_training:"),
    "stopped": ("stopped; the best so far is kept", ":material/pause_circle:"),
    "finished": ("finished", ":material/check_circle:"),
    "failed": ("failed", ":material/error:"),
    "interrupted": ("interrupted", ":material/warning:"),
    "uploaded": ("uploaded checkpoint", ":material/upload:"),
    "recorded": (f"recorded at {IMAGES_PER_SECOND:,} images a second", ":material/videocam:"),
    "damaged": ("damaged", ":material/broken_image:"),
}


def show_invitation() -> None:
    """The empty stage of a server without runs."""
    learning_viewer(
        None,
        prompt="Take a preset and start: after a minute you see how it learned where to look",
        key="replay-none",
    )


def show_recorded(runs: Jobs, shown: Job) -> None:
    """The recorded runs, with a button for each, and what the one on show is there for."""
    recorded = runs.recorded()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="recorded"):
        st.html("<h2>Recorded</h2>", width="content")
        for job in recorded:
            st.button(
                plain_text(job.title),
                type="secondary" if job.id == shown.id else "tertiary",
                key=f"choose-{job.id}",
                on_click=runs_on_show.show,
                args=(job.id,),
            )
    if shown.recording is not None:
        st.markdown(f"{shown.recording.shows} {_reached(shown, recorded)}")


def _lacks_baseline(job: Job) -> bool:
    return job.config is not None and job.config.training.loss.baseline == "none"


def _reached(shown: Job, recorded: list[Job]) -> str:
    """How far a recorded run comes beside the first one, and those without a baseline beside each other."""
    measured = {job.id: 100 - job.state.best_error for job in recorded if job.state.best_error is not None}
    first, *others = recorded
    if shown.id not in measured or first.id not in measured or shown.id == first.id:
        return ""
    without = [measured[job.id] for job in others if job.id in measured and _lacks_baseline(job)]
    if _lacks_baseline(shown) and len(without) > 1:
        return variance_sentence(without, measured[first.id])
    return reached_sentence(measured[shown.id], measured[first.id])


def show_queue(runs: Jobs) -> None:
    """The runs that train or wait, with a button for each."""
    active = [job for job in runs.all() if job.status in LIVE]
    if len(active) > 1 or (active and active[0].id != runs_on_show.current().run):
        st.fragment(_queue, run_every=LIVE_S)(runs)


@turn()
def _queue(runs: Jobs) -> None:
    running = [job for job in runs.all() if job.status == "running"]
    with st.container(horizontal=True, vertical_alignment="center", key="queue"):
        for job in running:
            _choose(job, f"{plain_text(job.name)}: {100 * job.state.progress:.0f} %", ":material/model_training:")
        for place, job in enumerate(runs.queue(), start=1):
            _choose(job, f"{place}\\. {plain_text(job.name)}", ":material/hourglass_top:")


def _choose(job: Job, label: str, icon: str) -> None:
    if st.button(label, icon=icon, type="tertiary", key=f"choose-{job.id}", on_click=runs_on_show.show, args=(job.id,)):
        st.rerun()


def show_run(runs: Jobs, job: Job, other: Job | None) -> None:
    """A run, and the one it is compared with."""
    jobs = [job] if other is None else [job, other]
    live = any(each.status in LIVE for each in jobs)
    st.fragment(_progress, run_every=LIVE_S if live else None)(
        runs, [each.id for each in jobs], [each.status for each in jobs]
    )
    _configuration(jobs)


@turn()
def _progress(runs: Jobs, shown: list[str], status: list[str]) -> None:
    """Everything that changes while a run trains."""
    jobs = [job for job in map(runs.get, shown) if job is not None]
    if [job.status for job in jobs] != status:
        st.rerun()  # the buttons and the names elsewhere on the page are for another status
    for column, job in zip(st.columns(len(jobs), gap="large"), jobs, strict=True):
        with column:
            _state(runs, job, named=len(jobs) > 1)
    versions = [(_curves(job, jobs), *_version(runs.run_folder(job.id), "metrics.jsonl")) for job in jobs]
    live = any(job.status in LIVE for job in jobs)
    if not live and not any(size for *_, size in versions):
        look = ": use it on Draw to watch it look" if any(job.has_checkpoint for job in jobs) else ""
        st.caption(f"How it learned was not recorded here{look}.")
        return
    st.html("<h2>Watch it learn</h2>")
    for place, (column, job) in enumerate(zip(st.columns(len(jobs), gap="large"), jobs, strict=True)):
        plays = job.recording is not None and not live  # or it would take the live one away from its newest reading
        prompt = "It looks at its first digits in a moment" if job.status in LIVE else "Nothing was recorded"
        with column:
            learning_viewer(_replay_of(runs, job), prompt=prompt, key=f"replay-{place}", plays=plays)
    live_charts(_charts(tuple(versions)), key="charts")


def _state(runs: Jobs, job: Job, *, named: bool) -> None:
    """How far a run is, in words and as a bar."""
    words, icon = STATUS[job.status]
    if job.status == "waiting":
        words = _place_in_queue(runs, job)
    if job.status == "stopped" and not job.has_checkpoint:
        words = "stopped before there was anything to keep"
    if named:
        st.html(f"<h3>{html.escape(job.name)}</h3>")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if job.state.best_error is not None:
            st.metric(_accuracy_name(runs, job), f"{100 - job.state.best_error:.2f} %", width="content")
        if job.config is not None:
            st.metric("Parameters", f"{parameter_count(job.config.model):,}", width="content")
            st.metric("Whole epochs", f"{job.state.epoch}", width="content")
            st.metric("Training time", briefly(job.state.elapsed_s), width="content")
            _show_drawings(runs.run_folder(job.id))
        if job.status == "running":
            left = f"{100 * job.state.progress:.0f} %, about {in_words(job.state.eta_s)} left"
            st.progress(min(max(job.state.progress, 0.0), 1.0), f"{icon} {left if job.state.step else 'starting'}")
        else:
            st.markdown(f"{icon} {words[0].upper()}{words[1:]}")
    if job.problem:
        st.warning(f"{plain_text(job.problem)} {_way_on(job)}", icon=":material/warning:")


def _way_on(job: Job) -> str:
    if job.recording is not None:
        return f"`{_command(job)}` makes it anew."
    if job.can_resume:
        return "Resume it, or go on with what it has."
    return "Use what it has, or start again." if job.has_checkpoint else "Delete it and start again."


def _accuracy_name(runs: Jobs, job: Job) -> str:
    """A run with drawings keeps its latest weights, which are not those with the best accuracy on MNIST's digits."""
    has_drawings = bool(_drawings(*_version(runs.run_folder(job.id), "metrics.jsonl")))
    return "Validation accuracy" if has_drawings else "Best validation accuracy"


def _show_drawings(folder: RunFolder) -> None:
    """How many of the held-back drawings are read, before and after the training."""
    readings = _drawings(*_version(folder, "metrics.jsonl"))
    if readings:
        st.metric(
            "My drawings held back, before and after", f"{readings[0]:.0f} → {readings[-1]:.0f} %", width="content"
        )


def _place_in_queue(runs: Jobs, job: Job) -> str:
    queue = [each.id for each in runs.queue()]
    place = queue.index(job.id) + 1 if job.id in queue else 1
    return "it starts in a moment" if place == 1 and not _someone_trains(runs) else f"number {place} in the queue"


def _someone_trains(runs: Jobs) -> bool:
    return any(job.status == "running" for job in runs.all())


def _replay_of(runs: Jobs, job: Job) -> str | None:
    if job.config is None:
        return None
    return _replay(*_version(runs.run_folder(job.id), "traces.jsonl"), job.config.model, _reward(job))


def _reward(job: Job) -> Reward:
    """What its episodes earn, and its value expects."""
    return "hit" if job.config is None else job.config.training.loss.reward


def _curves(job: Job, shown: list[Job]) -> curves.Curves:
    """A run as its charts need it, without readings."""
    name = job.title if all(each.recording for each in shown) else job.name
    training = TrainConfig() if job.config is None else job.config.training
    loss = training.loss
    gaze: curves.Gaze = "learned" if loss.reinforce_weight else "off"
    if job.recording and job.recording.looks_at_random:
        gaze = "random"
    is_pulled = training.pull.guidance > 0
    return curves.Curves(name, (), loss.reward, loss.baseline, gaze, is_pulled, is_live=job.status in LIVE)


def _command(job: Job) -> str:
    """The command that reproduces a run that is known and possible here."""
    if job.recording is not None:
        return f"python -m ram.record {Path(job.id).name}"
    return "" if job.config is None else command_line(job.config)


def _configuration(shown: list[Job]) -> None:
    """Every field of the configuration; for two runs, the fields that differ come first."""
    known = [job for job in shown if job.config is not None]
    jobs = {job.name: job.config for job in known if job.config is not None}
    if not jobs:
        return
    columns = [_fields(config) for config in jobs.values()]
    rows = [
        {"field": name, **dict(zip(jobs, (column[name] for column in columns), strict=True))} for name in columns[0]
    ]
    if len(jobs) > 1:
        differ = [row for row in rows if len({column[row["field"]] for column in columns}) > 1]
        st.html("<h2>What differs</h2>")
        if differ:
            st.dataframe(differ, hide_index=True)
        else:
            st.caption("Nothing: both runs have the same configuration.")
    with st.expander("The whole configuration, and the command that reproduces it"):
        config = next(iter(jobs.values()))
        if config.obstacle:
            st.caption(f"No command reproduces it: {plain_text(config.obstacle)}.")
        else:
            st.code(_command(known[0]), language="bash", wrap_lines=True)
        st.dataframe(rows, hide_index=True)


def _fields(config: RunConfig) -> dict[str, str]:
    return {"preset": config.preset, "start": config.start or "random weights"} | {
        name: f"{value}" for name, value in config.flat().items()
    }


def _version(folder: RunFolder, name: str) -> tuple[Path, int]:
    """A run's folder and the size of one of its files, which grows with every reading."""
    path = folder.path / name
    try:
        return folder.path, path.stat().st_size
    except OSError:
        return folder.path, 0


# Cached for all sessions that watch.
@st.cache_resource(max_entries=64, show_spinner=False)
def _charts(versions: tuple[tuple[curves.Curves, Path, int], ...]) -> dict[str, Any]:
    runs = [run._replace(rows=RunFolder(path).read_metrics()) for run, path, _ in versions]
    figures = {name: build(runs) for name, build in CHARTS.items()}
    alts = {name: curves.in_words(figure) for name, figure in figures.items()}
    return charts_data(figures, alts, sentences(runs))


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawings(path: Path, size: int) -> list[float]:
    """Accuracies in percent on the held-back drawings, oldest first."""
    errors = [row.get("drawings_error") for row in RunFolder(path).read_metrics()]
    return [100 - error for error in errors if isinstance(error, int | float)]


@st.cache_resource(max_entries=64, show_spinner=False)
def _replay(path: Path, size: int, config: RAMConfig, reward: Reward) -> str | None:
    replay = read_replay(RunFolder(path).read_scan_paths(), config, run=path.name)
    return None if replay is None else replay_json(dataclasses.replace(replay, reward=reward))
