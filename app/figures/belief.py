"""Charts of what the model believes: its value and its class probabilities after each glimpse."""

from __future__ import annotations

import dataclasses
import html
from typing import Any, NamedTuple

from app.figures.chart import (
    BOTTOM,
    GRID,
    HEIGHT,
    NEUTRAL,
    TOP,
    Figure,
    Label,
    Trace,
    axis,
    label_trace,
    layout,
    spread_labels,
    trace,
)
from app.figures.contrast import blend, text_on
from app.figures.palette import step_colors
from app.look.scene import Floats, Scene

_FIELD = "#171a26"  # the dark field behind probabilities, in both themes
_END = 17  # px, the font of the last numbers
_NAME_LENGTH = 7  # characters of a class's name that fit beside the chart
_MOST_LABELLED = 12  # classes; with more, the rows are lower than a number
_MOST_BESIDE = 8  # glimpses; with more, the narrow columns of the model's own way have no room for numbers
_PALE = "#aeb4c6"  # the model's own way on the dark field
_OWN_NUMBER = 11  # px
_BESIDE = " · pale: its own way"


def value_figure(scene: Scene) -> Figure:
    """How sure the model is if it stops after a glimpse, as bars, and the value, the reward that it expects in the end.

    Both are from 0 to 1, though a value is an estimate, which may leave this range. Where glimpses were moved, the
    model's own way stands beside it, narrow and grey.
    """
    values, sure = _floats(scene.values), _floats(scene.sureness)
    own_values = _floats(scene.own.values) if scene.own else []
    low, high = min(0.0, *values, *own_values), max(1.0, *values, *own_values)
    scale = (low - 0.08, high + 0.08)
    ends = [
        Label(f"value <b>{values[-1]:z.2f}</b>", values[-1], _END, None),
        Label(f"sure <b>{sure[-1]:.2f}</b>", sure[-1], _END, None),
    ]
    labels = spread_labels(ends[::-1], *scale, height=HEIGHT - TOP - BOTTOM)
    beside = [_own_bars(scene.own), _own_line(scene.own)] if scene.own else []
    return Figure(
        [*beside, _sure_bars(scene, sure), _value_line(scene, values), label_trace(labels, scene.steps + 0.5)],
        layout(
            f"Value, and how sure{_BESIDE}" if scene.own else "Value, and how sure if it stopped now",
            revision="value",
            right=104,  # room for the labels
            barmode="overlay",
            xaxis=_glimpse_axis(scene.steps),
            yaxis=axis(scene.words.beside_probabilities, range=list(scale), dtick=0.5, gridcolor=GRID),
        ),
    )


def _floats(numbers: Floats) -> list[float]:
    return [float(number) for number in numbers]


def _best_names(scene: Scene) -> list[str]:
    return [html.escape(scene.class_names[int(probs.argmax())]) for probs in scene.class_probs]


def _glimpses(scene: Scene) -> list[int]:
    return list(range(1, scene.steps + 1))


def _sure_bars(scene: Scene, sure: list[float]) -> Trace:
    place = {"width": 0.62} if scene.own is None else {"width": 0.46, "offset": -0.11}
    return trace(
        "bar",
        x=_glimpses(scene),
        y=sure,
        customdata=_best_names(scene),
        uid="sure",
        **place,
        marker={"color": step_colors(scene.steps), "opacity": 0.42, "line": {"width": 0}},
        hovertemplate="glimpse %{x}<br>sure if it stopped now: %{y:.1%}, class %{customdata}<extra></extra>",
    )


def _own_bars(own: Scene) -> Trace:
    return trace(
        "bar",
        x=_glimpses(own),
        y=_floats(own.sureness),
        customdata=_best_names(own),
        uid="own-sure",
        width=0.22,
        offset=-0.35,
        marker={"color": NEUTRAL, "opacity": 0.5, "line": {"width": 0}},
        hovertemplate="glimpse %{x}, its own way<br>sure if it stopped now: %{y:.1%}, class %{customdata}"
        "<extra></extra>",
    )


def _value_line(scene: Scene, values: list[float]) -> Trace:
    return trace(
        "scatter",
        x=_glimpses(scene),
        y=values,
        uid="value",
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 2},
        marker={"color": step_colors(scene.steps), "size": 13},
        cliponaxis=False,
        hovertemplate=f"glimpse %{{x}}<br>value %{{y:.3f}}: {scene.words.expected}<extra></extra>",
    )


def _own_line(own: Scene) -> Trace:
    return trace(
        "scatter",
        x=_glimpses(own),
        y=_floats(own.values),
        uid="own-value",
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 1.5, "dash": "dot"},
        marker={"color": NEUTRAL, "size": 7},
        cliponaxis=False,
        hovertemplate=f"glimpse %{{x}}, its own way<br>value %{{y:.3f}}: {own.words.expected}<extra></extra>",
    )


def value_in_words(scene: Scene) -> str:
    """What `value_figure` shows, for those who cannot see it."""
    if scene.own is not None:
        return f"{value_in_words(dataclasses.replace(scene, own=None))} Its own way: {value_in_words(scene.own)}"
    values = ", ".join(f"{value:z.2f}" for value in scene.values)
    sure = ", ".join(f"{100 * prob:.0f}" for prob in scene.sureness)
    return (
        f"The value ({scene.words.expected}) after each glimpse: {values}. "
        f"How sure the model would be if it stopped there, in percent: {sure}."
    )


def probabilities_in_words(scene: Scene) -> str:
    """What `probabilities_figure` shows, for those who cannot see it."""
    words = f"The probability of each class after each glimpse. The most probable, in percent: {_most_probable(scene)}."
    return words if scene.own is None else f"{words} Its own way: {_most_probable(scene.own)}."


def _most_probable(scene: Scene) -> str:
    return ", ".join(
        f"{scene.class_names[int(probs.argmax())]} with {100 * float(probs.max()):.0f}" for probs in scene.class_probs
    )


def probabilities_figure(scene: Scene) -> Figure:
    """The probability of every class after each glimpse: a column a glimpse, in the step's colour.

    The brighter a cell, the more probable its class; the numbers are percent, left out below 1 %. Where glimpses were
    moved, the model's own way stands to the left of each column, narrow and grey.
    """
    classes, is_labelled = scene.class_probs.shape[1], scene.class_probs.shape[1] <= _MOST_LABELLED
    columns = [_Column(step, color, step + 1.0) for step, color in enumerate(step_colors(scene.steps))]
    traces, numbers = [], []
    if scene.own is not None:
        columns = [column._replace(edges=(-0.1, 0.46)) for column in columns]
        own = [_Column(step, _PALE, step + 1.0, (-0.42, -0.16)) for step in range(scene.steps)]
        traces = [_cells(scene.own, column, "own-") for column in own]
        if is_labelled and scene.steps <= _MOST_BESIDE:
            numbers.append(_percents(scene.own, own, "own-", _OWN_NUMBER))
    traces += [_cells(scene, column) for column in columns]
    yaxis = axis("class", range=[classes - 0.5, -0.5], showgrid=False)
    if is_labelled:
        numbers.append(_percents(scene, columns))
        yaxis |= {"tickvals": list(range(classes)), "ticktext": [_short(name) for name in scene.class_names]}
    return Figure(
        traces + numbers,
        layout(
            f"Class probabilities, %{_BESIDE}" if scene.own else "Class probabilities in percent",
            revision="probabilities",
            right=8,
            xaxis=_glimpse_axis(scene.steps),
            yaxis=yaxis,
        ),
    )


def _short(name: str) -> str:
    return html.escape(name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…")


class _Column(NamedTuple):
    """Where the probabilities after one glimpse stand."""

    step: int
    color: str
    """Of a certainty."""
    x: float
    edges: tuple[float, float] | None = None
    """How far its two sides are from `x`; None fills the glimpse's place."""

    @property
    def middle(self) -> float:
        return self.x if self.edges is None else self.x + sum(self.edges) / 2


def _cells(scene: Scene, column: _Column, name: str = "") -> Trace:
    return trace(
        "heatmap",
        x=[column.x] if column.edges is None else [column.x + edge for edge in column.edges],
        y=list(range(scene.class_probs.shape[1])),
        z=[[float(prob)] for prob in scene.class_probs[column.step]],
        uid=f"{name}probabilities-{column.step + 1}",
        zmin=0,
        zmax=1,
        colorscale=[[0, _FIELD], [1, column.color]],
        showscale=False,
        xgap=2,
        ygap=1 if scene.class_probs.shape[1] <= _MOST_LABELLED else 0,
        hovertemplate=f"glimpse {column.step + 1}{', its own way' if name else ''}<br>class %{{y}}<br>"
        "probability %{z:.1%}<extra></extra>",
    )


def _percents(scene: Scene, columns: list[_Column], name: str = "", size: int = 14) -> Trace:
    # Not the heatmap's own text: its automatic colour is dark grey on the brighter half of our steps.
    shown = [
        (column, number, float(prob))
        for column in columns
        for number, prob in enumerate(scene.class_probs[column.step])
        if prob >= 0.01
    ]
    return trace(
        "scatter",
        x=[column.middle for column, _, _ in shown],
        y=[number for _, number, _ in shown],
        text=[f"{100 * prob:.0f}" for _, _, prob in shown],
        uid=f"{name}percents",
        mode="text",
        textfont={"size": size, "color": [text_on(blend(_FIELD, column.color, prob)) for column, _, prob in shown]},
        hoverinfo="skip",
    )


def _glimpse_axis(steps: int) -> dict[str, Any]:
    every = max(1, round(steps / 12))
    return axis("glimpse", standoff=8, range=[0.5, steps + 0.5], tick0=1, dtick=every, showgrid=False)
