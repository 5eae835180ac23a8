"""The numbers behind a look: charts, a table, and files to take away."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.components.charts import belief_charts
from app.figures.animation import animated_gif
from app.figures.film_strip import film_strip
from app.figures.numbers import rollout_json, scene_rows
from app.look.rewards import WORDS
from app.look.scene import Scene
from app.server.catalogue import model_label
from app.server.downloads import File
from app.server.models import model_info
from app.server.one_at_a_time import aside, turn
from app.session import settings
from app.session.look_on_show import Look
from app.views import download
from app.views.controls import is_comparing
from ram.checkpoints import CheckpointError, CheckpointInfo
from ram.evaluation import stored, stored_number
from ram.value_fit import expected_by_value

_FLAT = 97.0  # percent of right answers from which on the value hardly moves
FILES = (
    ("Animated GIF", animated_gif, "glimpses.gif", "image/gif"),
    ("PNG film strip", film_strip, "glimpses.png", "image/png"),
    ("JSON", rollout_json, "glimpses.json", "application/json"),
)


def show_charts(viewer: str, model: str | None) -> None:
    """Draws the charts of what the viewer of that key shows; where two models look, they say whose they are."""
    if is_comparing():
        st.html(f"<h3 class='whose'>{html.escape(model_label(model or ''))}</h3>")
    belief_charts(viewer, key="charts")


@st.fragment
@turn()
def show_table_and_files(look: Look, model: str | None) -> None:
    """Draws what need not be drawn again with each stroke: a sentence on the value, the table, and the files.

    They are to be seen only beneath the charts (app/style.css): so they need not come and go with the look.

    Args:
        look: what they are about; the table, which few open, follows it.
        model: the name of the one that looks.
    """
    info = _results(model)
    if info is None:
        return
    with st.container(key="table_and_files"):
        st.caption(in_words(info, settings.current().gaze))
        # Built when opened: a table takes the server and the browser longer than both charts.
        numbers = st.expander("The same as numbers", key="numbers", on_change="rerun")
        look.in_table = look.scene if numbers.open else None
        if look.in_table is not None:
            numbers.dataframe(scene_rows(look.in_table), hide_index=True, column_config=_number_formats(look.in_table))
        with st.container(horizontal=True):
            for label, build, name, kind in FILES:
                download.show(label, File(name, kind, functools.partial(_content, build, look)), key=name)


def _content(build: Callable[[Scene], bytes], look: Look) -> bytes:
    if look.scene is None:
        raise ValueError("There is nothing to take away: draw something first.")
    with aside():
        return build(look.scene)


def _results(name: str | None) -> CheckpointInfo | None:
    try:
        return None if name is None else model_info(name)
    except CheckpointError:  # it was deleted just now
        return None


def in_words(info: CheckpointInfo, gaze: str) -> str:
    """What the value foresees, and why it may hardly move; with the model's own share of right answers.

    Args:
        info: the model's.
        gaze: "mean" or "sampled".
    """
    bars = "The bars say how sure it would be if it stopped there: the largest class probability."
    reward = expected_by_value(info)
    if reward != "hit":
        sentence = WORDS[reward].sentence
        return f"The value is the {WORDS[reward].expected}: {sentence[0].lower()}{sentence[1:]} {bars}"
    sentence = "The value foresees whether the answer after the last glimpse will be right."
    if (measured := _accuracy(info, gaze)) is not None:
        accuracy, digits = measured
        sentence += f" The answer is right for {accuracy:.1f} of 100 {digits}"
        sentence += ", so there is little to foresee and the value is nearly flat." if accuracy >= _FLAT else "."
    return f"{sentence} {bars}"


def _accuracy(info: CheckpointInfo, gaze: str) -> tuple[float, str] | None:
    """The share of right answers with such a gaze, in percent, and of which digits."""
    if (error := stored(info, f"test_error_{gaze}")) is not None:
        return 100 - error.mean, "test digits"
    if gaze == "mean" and (number := stored_number(info, "validation_error")) is not None:
        return 100 - number, "validation digits"
    return None


def _number_formats(scene: Scene) -> dict[str, Any]:
    two, three = (st.column_config.NumberColumn(format=f"%.{digits}f") for digits in (2, 3))
    classes = {f"p({name})": three for name in scene.class_names}
    return {"x": two, "y": two, "value": three, "probability (%)": two, **classes}
