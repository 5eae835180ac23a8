"""The numbers behind a look: charts, a table, and files to take away."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.components.charts import charts_data, live_charts
from app.figures import belief
from app.figures.animation import animated_gif
from app.figures.film_strip import film_strip
from app.figures.numbers import rollout_json, scene_rows
from app.look.scene import Scene
from app.session.look_on_show import Look, Shown

FILES = (
    ("Animated GIF", animated_gif, "glimpses.gif", "image/gif"),
    ("PNG film strip", film_strip, "glimpses.png", "image/png"),
    ("JSON", rollout_json, "glimpses.json", "application/json"),
)


def show_charts(scene: Scene) -> None:
    """Draws the charts."""
    figures = {"value": belief.value_figure(scene), "probabilities": belief.probabilities_figure(scene)}
    alts = {
        "value": "The value after each glimpse",
        "probabilities": "The probability of each class after each glimpse",
    }
    live_charts(charts_data(figures, alts), key="charts")


@st.fragment
def show_table_and_files(look: Look) -> None:
    """Draws what need not be drawn again with each stroke: the table, which few open, and the files."""
    if look.scene is None:
        return
    with st.container(key="table_and_files"):
        # Built when opened: a table takes the server and the browser longer than both charts.
        numbers = st.expander("The same as numbers", key="numbers", on_change="rerun")
        look.others_show = Shown(is_there=True, scene=look.scene if numbers.open else None)
        if numbers.open:
            numbers.dataframe(scene_rows(look.scene), hide_index=True, column_config=_number_formats(look.scene))
        with st.container(horizontal=True):
            for label, build, name, kind in FILES:
                # Built when clicked, not at every rerun.
                file = functools.partial(_file, build, look)
                st.download_button(label, file, name, kind, on_click="ignore", icon=":material/download:")


def _file(build: Callable[[Scene], bytes], look: Look) -> bytes:
    if look.scene is None:
        raise ValueError("There is nothing to take away: draw something first.")
    return build(look.scene)


def _number_formats(scene: Scene) -> dict[str, Any]:
    two, three = (st.column_config.NumberColumn(format=f"%.{digits}f") for digits in (2, 3))
    classes = {f"p({name})": three for name in scene.class_names}
    return {"x": two, "y": two, "value": three, "probability (%)": two, **classes}
