"""Charts of what the model believes: its value and its class probabilities after each glimpse."""

from __future__ import annotations

import html
from typing import Any

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
from app.look.scene import Scene

_FIELD = "#171a26"  # the dark field behind probabilities, in both themes
_END = 17  # px, the font of the last numbers
_NAME_LENGTH = 7  # characters of a class's name that fit beside the chart
_MOST_LABELLED = 12  # classes; with more, the rows are lower than a number


def value_figure(scene: Scene) -> Figure:
    """How sure the model is if it stops after a glimpse, as bars, and the value, the reward that it expects in the end.

    Both are from 0 to 1, though a value is an estimate, which may leave this range.
    """
    values = [float(value) for value in scene.values]
    sure = [float(prob) for prob in scene.sureness]
    low, high = min(0.0, *values), max(1.0, *values)
    scale = (low - 0.08, high + 0.08)
    ends = [
        Label(f"value <b>{values[-1]:z.2f}</b>", values[-1], _END, None),
        Label(f"sure <b>{sure[-1]:.2f}</b>", sure[-1], _END, None),
    ]
    labels = spread_labels(ends[::-1], *scale, height=HEIGHT - TOP - BOTTOM)
    return Figure(
        [_sure_bars(scene, sure), _value_line(scene, values), label_trace(labels, scene.steps + 0.5)],
        layout(
            "Value, and how sure if it stopped now",
            revision="value",
            right=104,  # room for the labels
            xaxis=_glimpse_axis(scene.steps),
            yaxis=axis(scene.words.beside_probabilities, range=list(scale), dtick=0.5, gridcolor=GRID),
        ),
    )


def _sure_bars(scene: Scene, sure: list[float]) -> Trace:
    names = [html.escape(scene.class_names[int(probs.argmax())]) for probs in scene.class_probs]
    return trace(
        "bar",
        x=list(range(1, scene.steps + 1)),
        y=sure,
        customdata=names,
        uid="sure",
        width=0.62,
        marker={"color": step_colors(scene.steps), "opacity": 0.42, "line": {"width": 0}},
        hovertemplate="glimpse %{x}<br>sure if it stopped now: %{y:.1%}, class %{customdata}<extra></extra>",
    )


def _value_line(scene: Scene, values: list[float]) -> Trace:
    return trace(
        "scatter",
        x=list(range(1, scene.steps + 1)),
        y=values,
        uid="value",
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 2},
        marker={"color": step_colors(scene.steps), "size": 13},
        cliponaxis=False,
        hovertemplate=f"glimpse %{{x}}<br>value %{{y:.3f}}: {scene.words.expected}<extra></extra>",
    )


def value_in_words(scene: Scene) -> str:
    """What `value_figure` shows, for those who cannot see it."""
    values = ", ".join(f"{value:z.2f}" for value in scene.values)
    sure = ", ".join(f"{100 * prob:.0f}" for prob in scene.sureness)
    return (
        f"The value ({scene.words.expected}) after each glimpse: {values}. "
        f"How sure the model would be if it stopped there, in percent: {sure}."
    )


def probabilities_in_words(scene: Scene) -> str:
    """What `probabilities_figure` shows, for those who cannot see it."""
    best = ", ".join(
        f"{scene.class_names[int(probs.argmax())]} with {100 * float(probs.max()):.0f}" for probs in scene.class_probs
    )
    return f"The probability of each class after each glimpse. The most probable, in percent: {best}."


def probabilities_figure(scene: Scene) -> Figure:
    """The probability of every class after each glimpse: a column a glimpse, in the step's colour.

    The brighter a cell, the more probable its class; the numbers are percent, left out below 1 %.
    """
    colors = step_colors(scene.steps)
    classes = scene.class_probs.shape[1]
    traces = [_column(scene, step, color) for step, color in enumerate(colors)]
    yaxis = axis("class", range=[classes - 0.5, -0.5], showgrid=False)
    if classes <= _MOST_LABELLED:
        traces.append(_percents(scene, colors))
        yaxis |= {"tickvals": list(range(classes)), "ticktext": [_short(name) for name in scene.class_names]}
    return Figure(
        traces,
        layout(
            "Class probabilities in percent",
            revision="probabilities",
            right=8,
            xaxis=_glimpse_axis(scene.steps),
            yaxis=yaxis,
        ),
    )


def _short(name: str) -> str:
    return html.escape(name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…")


def _column(scene: Scene, step: int, color: str) -> Trace:
    return trace(
        "heatmap",
        x=[step + 1],
        y=list(range(scene.class_probs.shape[1])),
        z=[[float(prob)] for prob in scene.class_probs[step]],
        uid=f"probabilities-{step + 1}",
        zmin=0,
        zmax=1,
        colorscale=[[0, _FIELD], [1, color]],
        showscale=False,
        xgap=2,
        ygap=1 if scene.class_probs.shape[1] <= _MOST_LABELLED else 0,
        hovertemplate="glimpse %{x}<br>class %{y}<br>probability %{z:.1%}<extra></extra>",
    )


def _percents(scene: Scene, colors: list[str]) -> Trace:
    # Not the heatmap's own text: its automatic colour is dark grey on the brighter half of our steps.
    shown = [
        (step, number, float(prob))
        for step, probs in enumerate(scene.class_probs)
        for number, prob in enumerate(probs)
        if prob >= 0.01
    ]
    return trace(
        "scatter",
        x=[step + 1 for step, _, _ in shown],
        y=[number for _, number, _ in shown],
        text=[f"{100 * prob:.0f}" for _, _, prob in shown],
        uid="percents",
        mode="text",
        textfont={"size": 14, "color": [text_on(blend(_FIELD, colors[step], prob)) for step, _, prob in shown]},
        hoverinfo="skip",
    )


def _glimpse_axis(steps: int) -> dict[str, Any]:
    every = max(1, round(steps / 12))
    return axis("glimpse", standoff=8, range=[0.5, steps + 0.5], tick0=1, dtick=every, showgrid=False)
