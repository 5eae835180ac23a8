"""What all charts have in common: size, fonts, grid, axes and the labels at the ends of curves.

They are made for `app.components.charts`: Streamlit's theme brings the fonts and the colours of text. Nothing
can be zoomed or dragged, so a finger scrolls the page.

Figures are plain data in the words of Plotly's reference, https://plotly.com/javascript/reference: to make them of
Plotly's own objects, which check every word, took a quarter of the server's time for a drawing. The tests check them.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, NamedTuple

HEIGHT = 260  # px, all charts, so that they stand side by side
LEFT, TOP, BOTTOM = 64, 38, 50  # px, the margins around the plot area

FONT = 15  # px
NEUTRAL = "rgba(128, 132, 149, 0.7)"  # reads on white and on #12141c alike
GRID = "rgba(128, 132, 149, 0.25)"

_LABEL_HEIGHT = 1.2  # of its font

Trace = dict[str, Any]


class Figure(NamedTuple):
    """A chart as plain data, all of it fit for JSON."""

    data: list[Trace]
    layout: dict[str, Any]


class Label(NamedTuple):
    """The name or the last number of a curve."""

    text: str
    place: float
    """On the y axis."""
    size: int
    """Of its font, in px."""
    color: str | None
    """None leaves it to the page's theme."""


def layout(
    title: str, *, revision: str, right: int, top: int = TOP, xaxis: dict[str, Any], yaxis: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A layout for a figure.

    Args:
        title: what the chart shows.
        revision: a name that never changes, so that new data move the points and leave the rest of the page alone.
        right: px beside the plot area, for labels.
        top: px above it, for the title.
        xaxis: from `axis`.
        yaxis: from `axis`.
        **more: any other part of a Plotly layout.
    """
    return {
        "title": {"text": title, "font": {"size": 17}, "x": 0, "xref": "container", "y": 0.97, "yanchor": "top"},
        "height": HEIGHT,
        "margin": {"l": LEFT, "r": right, "t": top, "b": BOTTOM},
        "font": {"size": FONT},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "uirevision": revision,
        "xaxis": xaxis,
        "yaxis": yaxis,
        **more,
    }


def axis(title: str, *, standoff: int = 16, **more: Any) -> dict[str, Any]:
    """An axis for `layout`, with its title `standoff` px away from its numbers."""
    # Sizes stand here because the theme's own axes are smaller than the back row can read.
    return {
        "fixedrange": True,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": FONT},
        "title": {"text": title, "font": {"size": FONT}, "standoff": standoff},
        **more,
    }


def trace(kind: str, **more: Any) -> Trace:
    """A trace of a `kind` such as "scatter"."""
    return {"type": kind, **more}


def spread_labels(labels: Sequence[Label], low: float, high: float, *, height: int) -> list[Label]:
    """The labels from the bottom upwards, moved as little as it takes to overlap nowhere.

    Args:
        labels: of two at the same place the first goes below the second.
        low: the lower end of the y axis.
        high: the upper end; no label goes beyond it.
        height: of the plot area, in px.
    """
    if not labels:
        return []
    labels = sorted(labels, key=lambda label: label.place)
    sizes = [_LABEL_HEIGHT * label.size * (high - low) / height for label in labels]
    offsets = [sum(sizes[:index]) + size / 2 for index, size in enumerate(sizes)]
    # Without these offsets the places need only not fall: isotonic regression, which pools neighbours that fall.
    pools: list[list[float]] = []
    for label, offset in zip(labels, offsets, strict=True):
        pools.append([label.place - offset])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    bases = [min(max(fmean(pool), low), high - sum(sizes)) for pool in pools for _ in pool]
    return [label._replace(place=base + offset) for label, base, offset in zip(labels, bases, offsets, strict=True)]


def label_trace(labels: Sequence[Label], x: float) -> Trace:
    """The labels as text that begins at `x`, the right end of the axis."""
    named = [label.color for label in labels if label.color is not None]
    colors = {"color": named} if named else {}
    return trace(
        "scatter",
        x=[x] * len(labels),
        y=[label.place for label in labels],
        uid="labels",
        mode="text",
        text=[f"\u00a0{label.text}" for label in labels],  # a space, or they would touch the plot area
        textfont={"size": [label.size for label in labels], **colors},
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
