"""What the browser gets of the charts that stay on the page."""

from __future__ import annotations

import json
from typing import Any

import plotly
import pytest
from streamlit.testing.v1 import AppTest

from app.components.charts import charts_data, library
from app.figures.chart import Figure, trace


def figure_with(**values: Any) -> Figure:
    return Figure([trace("scatter", **values)], {"height": 260})


def test_figure_arrives_as_it_is() -> None:
    figure = figure_with(x=[0.1, 0.2], y=[0.5, 2], text=["a", "<b>"])
    (chart,) = charts_data({"only": figure}, {"only": "alt"})["charts"]
    assert json.loads(chart["figure"]) == {
        "data": [{"type": "scatter", "x": [0.1, 0.2], "y": [0.5, 2], "text": ["a", "<b>"]}],
        "layout": {"height": 260},
    }


def test_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        charts_data({"only": figure_with(y=[float("nan")])}, {"only": "alt"})


def test_charts_arrive_in_order_with_name_words_and_height() -> None:
    charts = charts_data({"b": figure_with(), "a": figure_with()}, {"a": "first", "b": "second"})["charts"]
    assert [(chart["name"], chart["alt"], chart["height"]) for chart in charts] == [
        ("b", "second", 260),
        ("a", "first", 260),
    ]


def test_same_figure_gives_the_same_text_and_another_does_not() -> None:
    def text(last: float) -> str:
        return str(charts_data({"only": figure_with(y=[1.0, 2.0, last])}, {"only": "alt"})["charts"][0]["figure"])

    assert text(3) == text(3)
    assert text(3) != text(4)


def test_chart_without_words_is_refused() -> None:
    with pytest.raises(KeyError, match="only"):
        charts_data({"only": figure_with()}, {})


def test_library_is_an_address_of_a_file_that_is_there() -> None:
    address, place = library()
    assert charts_data({}, {})["library"] == address == f"parts/plotly-{plotly.__version__}.js"
    with place.open(encoding="utf-8") as file:
        assert "plotly.js v" in file.read(200)


def page() -> None:
    import streamlit as st

    from app.components.charts import charts_data, live_charts
    from app.figures.chart import Figure, trace

    figure = Figure([trace("scatter", y=list(range(st.session_state.get("points", 2))))], {"height": 260})
    live_charts(charts_data({"curve": figure}, {"curve": "A curve"}), key="charts")


def test_charts_keep_their_identity_when_the_figure_changes() -> None:
    app = AppTest.from_function(page).run()
    (before,) = app.get("bidi_component")
    app.session_state["points"] = 5
    app.run()
    (after,) = app.get("bidi_component")
    assert not app.exception
    assert before.proto.id == after.proto.id
    (chart,) = json.loads(after.proto.bytes)["charts"]
    assert json.loads(chart["figure"])["data"][0]["y"] == [0, 1, 2, 3, 4]
    assert len(after.proto.bytes) < 2_000  # plotly.js does not travel with it
