"""What the browser gets of the charts that stay on the page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import plotly
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from app.components.charts import charts_data


def sent(figure: go.Figure) -> dict[str, Any]:
    """A figure as the browser reads it."""
    (chart,) = charts_data({"only": figure}, {"only": "alt"})["charts"]
    read: dict[str, Any] = json.loads(chart["figure"])
    return read


def numbers(values: Any) -> list[float]:
    """A list, or Plotly's typed array: little-endian numbers in base64."""
    if isinstance(values, list):
        return values
    return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"])).tolist()


def test_numbers_arrive_as_they_are() -> None:
    figure = go.Figure(go.Scatter(x=np.array([0.1, 0.2]), y=[np.float64(0.5), np.int64(2)], text=["a", "<b>"]))
    (trace,) = sent(figure)["data"]
    assert numbers(trace["x"]) == [0.1, 0.2]
    assert numbers(trace["y"]) == [0.5, 2.0]
    assert trace["text"] == ["a", "<b>"]


def test_missing_number_is_valid_json() -> None:
    figure = go.Figure(go.Scatter(x=[1, 2], y=[float("nan"), 1.5]))
    (chart,) = charts_data({"only": figure}, {"only": "alt"})["charts"]
    assert "NaN" not in chart["figure"]
    assert numbers(json.loads(chart["figure"])["data"][0]["y"])[1] == 1.5


def test_layout_arrives_without_a_template() -> None:
    figure = go.Figure(layout={"title": {"text": "Reward"}, "template": "plotly_dark", "uirevision": "reward"})
    assert sent(figure)["layout"] == {"title": {"text": "Reward"}, "uirevision": "reward"}
    assert figure.layout.template.layout.font.color == "#f2f5fa"  # the caller's figure stays as it was


def test_charts_arrive_in_order_with_name_words_and_height() -> None:
    figures = {"b": go.Figure(layout={"height": 260}), "a": go.Figure()}
    charts = charts_data(figures, {"a": "first", "b": "second"})["charts"]
    assert [(chart["name"], chart["alt"], chart["height"]) for chart in charts] == [
        ("b", "second", 260),
        ("a", "first", 450),
    ]


def test_same_figure_gives_the_same_text_and_another_does_not() -> None:
    def text(last: float) -> str:
        figure = go.Figure(go.Scatter(x=np.arange(3), y=np.array([1.0, 2.0, last])))
        return str(charts_data({"only": figure}, {"only": "alt"})["charts"][0]["figure"])

    assert text(3) == text(3)
    assert text(3) != text(4)


def test_chart_without_words_is_refused() -> None:
    with pytest.raises(KeyError, match="only"):
        charts_data({"only": go.Figure()}, {})


def test_library_is_an_address_of_a_file_that_is_there() -> None:
    address = charts_data({}, {})["library"]
    path, version = address.split("?")
    assert path == "component/app.components.charts.plotly/plotly.min.js"
    assert version == plotly.__version__
    with (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").open() as library:
        assert "plotly.js v" in library.read(200)


def page() -> None:
    import plotly.graph_objects as go
    import streamlit as st

    from app.components.charts import charts_data, live_charts

    figure = go.Figure(go.Scatter(y=list(range(st.session_state.get("points", 2)))), {"height": 260})
    live_charts(charts_data({"curve": figure}, {"curve": "A curve"}), key="charts")


def test_charts_keep_their_identity_when_the_figure_changes() -> None:
    app = AppTest.from_function(page).run()
    (before,) = app.get("bidi_component")
    app.session_state["points"] = 5
    app.run()
    (after,) = app.get("bidi_component")
    assert not app.exception
    assert before.proto.id == after.proto.id
    (chart,) = json.loads(after.proto.json)["charts"]
    assert json.loads(chart["figure"])["data"][0]["y"] == [0, 1, 2, 3, 4]
    assert "bdata" not in after.proto.json  # a plain list stays one
    assert len(after.proto.json) < 2_000  # plotly.js does not travel with it
