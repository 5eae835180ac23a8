"""Live curves of training runs: one run, or two to compare. Then colour is the quantity and the dash the run."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from app.figures.chart import (
    BOTTOM,
    GRID,
    HEIGHT,
    LEFT,
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
from app.figures.palette import CURVE_COLORS
from app.figures.scales import Scale, accuracy_scale, round_scale, with_headroom
from app.look.rewards import WORDS

if TYPE_CHECKING:
    from ram.config import Baseline, Reward

MOST_POINTS = 400  # of a curve: more than the pixels it gets on a phone, and quick to send every second

_RIGHT = 96  # px, room for the labels; the same in all charts, so that their time axes line up
_RUN_NAMES = 26  # px, what the names of two runs take from the plot area
_NAME, _NUMBER = 15, 20  # px, the fonts of the labels
_NAME_LENGTH = 17  # characters of a run's name that fit twice above a plot
_MOST_MARKERS = 30  # of a curve: more would merge into a caterpillar
_DASHES = ("solid", "6px,4px")
_STROKES = ("\u2014\u2014", "\u2013 \u2013")  # the dashes as text, in characters that every font has
_MARKERS = ("circle", "circle-open")
_HUGE = 1e9  # beyond it a reading is damage, not a measurement

_WAITING = {
    "text": "The first readings come in a moment",
    **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5, "showarrow": False, "font": {"size": 16}},
}


# Whether REINFORCE teaches where to look, has no weight, or has nothing to teach, because places are random.
Gaze = Literal["learned", "off", "random"]


class Curves(NamedTuple):
    """The readings of one training run."""

    name: str
    """Shown when two runs are compared."""
    rows: Sequence[dict[str, Any]]
    """As in metrics.jsonl, oldest first; whatever in them is no number is left out."""
    reward: Reward = "hit"
    """What its episodes earn, and its value expects."""
    baseline: Baseline = "value"
    gaze: Gaze = "learned"
    is_pulled: bool = False
    """Whether a pull to the digit, too, teaches where to look."""
    is_live: bool = False
    """Whether more readings may come."""


class _Quantity(NamedTuple):
    name: str
    key: str
    unit: str = ""  # after the number under the mouse
    is_error: bool = False  # in percent, measured now and then; shown as accuracy
    headline: str = ""  # format of its last number, if that is to stand large beside its name


class _Line(NamedTuple):
    quantity: _Quantity
    run: int
    seconds: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    epochs: npt.NDArray[np.float64]


class _Record(NamedTuple):
    names: list[str]
    rewards: list[Reward]
    seconds: float  # of the longest run
    lines: list[_Line]  # only those with points

    @property
    def compares(self) -> bool:
        return len(self.names) > 1

    @property
    def unit(self) -> tuple[str, int]:
        """Of time: its name and its seconds."""
        if self.seconds < 180:
            return "s", 1
        return ("min", 60) if self.seconds <= 3 * 3600 else ("h", 3600)


_ACCURACIES = (
    _Quantity("validation", "validation_error", is_error=True, headline="{:.1f}"),
    _Quantity("training", "training_error", is_error=True),
    _Quantity("drawings", "drawings_error", is_error=True),
)
_REWARDS = (_Quantity("reward", "reward"), _Quantity("value", "value"))
_LOSSES = (
    _Quantity("cross-entropy", "action_loss", " nats"),
    _Quantity("value error", "value_loss", ", squared"),
    _Quantity("REINFORCE", "reinforce_loss"),
)
_SPREADS = (_Quantity("spread", "location_spread", " of the 2 from edge to edge", headline="{:.2f}"),)


def accuracy_figure(runs: Sequence[Curves]) -> Figure:
    """The share of right answers on validation and training digits, and on own drawings if the run has them."""
    record = _read(runs, _ACCURACIES)
    yaxis = _value_axis("right answers (%)", accuracy_scale(line.values for line in record.lines))
    return _figure(record, "Accuracy", revision="accuracy", yaxis=yaxis)


def reward_figure(runs: Sequence[Curves]) -> Figure:
    """What episodes earn while training, by default the share of right answers, and the value, which predicts it."""
    record = _read(runs, _REWARDS)
    low, high = _extremes(record.lines)
    low, high = min(0, low), max(1, high)
    # A value that runs away would bring hundreds of grid lines.
    scale = with_headroom(Scale(low, high, 0.25 if high - low < 2 else round_scale(low, high).step))
    title = "Reward, and the value that predicts it"
    return _figure(record, title, revision="reward", yaxis=_value_axis(_reward_axis(record.rewards), scale))


def _reward_axis(rewards: Sequence[Reward]) -> str:
    """What is earned; of two runs with different rewards, each one's beside its dash."""
    axes = [WORDS[reward].axis for reward in rewards]
    if len(set(axes)) < 2:
        return axes[0] if axes else WORDS["hit"].axis
    return ", ".join(f"{stroke} {WORDS[reward].earned}" for stroke, reward in zip(_STROKES, rewards, strict=True))


def loss_figure(runs: Sequence[Curves]) -> Figure:
    """The parts of the loss before they are weighted and added.

    The cross-entropy of the answer, in nats; the squared error of the value, as a mean over the glimpses; REINFORCE,
    which may be negative.
    """
    record = _read(runs, _LOSSES)
    low, high = _extremes(record.lines)
    yaxis = _value_axis("loss", round_scale(min(0, low), max(1, high))) | {"zeroline": True}
    return _figure(record, "The parts of the loss, unweighted", revision="loss", yaxis=yaxis)


def spread_figure(runs: Sequence[Curves]) -> Figure:
    """How far apart the policy's mean locations lie in a batch; at 0 it looks at the same place in every image."""
    record = _read(runs, _SPREADS)
    scale = round_scale(0, max(0.4, _extremes(record.lines)[1]))
    # Below zero there is room for the sentence that explains zero, less than a step, so without a number of its own.
    scale = scale._replace(low=-0.17 * scale.high)
    zero = {
        "text": "0: it looks at the same place in every image",
        **{"xref": "paper", "x": 0, "xanchor": "left", "xshift": -3, "y": 0, "yanchor": "top"},
        **{"showarrow": False, "font": {"size": 14}},
    }
    yaxis = _value_axis("standard deviation", scale) | {"zeroline": True}
    return _figure(record, "Spread of the places it looks at", revision="spread", yaxis=yaxis, notes=[zero])


def _read(runs: Sequence[Curves], quantities: Sequence[_Quantity]) -> _Record:
    lines, longest = [], 0.0
    for index, run in enumerate(runs):
        seconds, epochs = column(run.rows, "elapsed_s"), column(run.rows, "epoch")
        longest = max(longest, float(np.nanmax(seconds, initial=0)))
        for quantity in quantities:
            values = column(run.rows, quantity.key)
            points = np.stack([seconds, 100 - values if quantity.is_error else values, epochs], axis=1)
            points = points[~np.isnan(points[:, :2]).any(axis=1)]
            if len(points):
                lines.append(_Line(quantity, index, *(_every_nth if quantity.is_error else _binned)(points).T))
    return _Record(_short([run.name for run in runs]), [run.reward for run in runs], longest, lines)


def _short(names: Sequence[str]) -> list[str]:
    """Names that stand side by side above a plot on a phone: what a short one leaves, a long one gets."""
    most = max(_NAME_LENGTH, 2 * _NAME_LENGTH - min(map(len, names), default=0))
    cut = [name if len(name) <= most else name[: most - 1].rstrip() + "…" for name in names]
    if len({*cut}) < len(cut):  # they differ at their ends
        cut = [name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2) :]}" for name in names]
    return [html.escape(name, quote=False) for name in cut]  # Plotly reads some HTML


def column(rows: Sequence[dict[str, Any]], key: str) -> npt.NDArray[np.float64]:
    """NaN where there is no number; a comparison, unlike a conversion, also takes an integer of 400 digits."""
    values = [row.get(key) for row in rows]
    return np.array([v if isinstance(v, (int, float)) and abs(v) < _HUGE else math.nan for v in values], np.float64)


def _binned(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means of neighbours, and the last reading as it is, so that the curve ends where the run is."""
    if len(points) <= MOST_POINTS:
        return points
    earlier = points[:-1]
    size = math.ceil(len(earlier) / (MOST_POINTS - 1))
    starts = np.arange(0, len(earlier), size)
    counts = np.diff(starts, append=len(earlier))
    return np.vstack([np.add.reduceat(earlier, starts) / counts[:, None], points[-1]])


def _every_nth(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Measurements as they are, first and last among them: a mean of two would be one that nobody took."""
    return points[np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).round().astype(int)]


def _extremes(lines: Sequence[_Line]) -> tuple[float, float]:
    values = [float(extreme) for line in lines for extreme in (line.values.min(), line.values.max())]
    return min(values, default=0.0), max(values, default=0.0)


def _time_axis(unit: str, end: float) -> dict[str, Any]:
    return axis(
        f"training time ({unit})", standoff=11, automargin=False, range=[0, end], nticks=8, tick0=0, showgrid=False
    )


def _value_axis(title: str, scale: Scale) -> dict[str, Any]:
    return axis(
        title,
        automargin=False,  # longer numbers shall not move the plot area
        range=[scale.low, scale.high],
        tick0=0,
        dtick=scale.step,
        gridcolor=GRID,
        zerolinecolor=NEUTRAL,
        zerolinewidth=1,
    )


def _figure(
    record: _Record, title: str, *, revision: str, yaxis: dict[str, Any], notes: Sequence[dict[str, Any]] = ()
) -> Figure:
    unit, unit_seconds = record.unit
    end = 1.03 * (record.seconds or 10) / unit_seconds  # a little further, so that the last marker is whole
    top = TOP + (_RUN_NAMES if record.compares else 0)
    if not record.lines:  # no grid, which would strike the words through
        notes, yaxis = [_WAITING], yaxis | {"showgrid": False}
    if record.compares:
        notes = [*notes, _run_names(record)]
    labels = spread_labels(_labels(record), *yaxis["range"], height=HEIGHT - top - BOTTOM)
    return Figure(
        [*(_trace(line, record) for line in record.lines), label_trace(labels, end)],
        layout(
            title, revision=revision, right=_RIGHT, top=top, xaxis=_time_axis(unit, end), yaxis=yaxis, annotations=notes
        ),
    )


def _trace(line: _Line, record: _Record) -> Trace:
    quantity, color = line.quantity, CURVE_COLORS[line.quantity.key]
    unit, unit_seconds = record.unit
    number = "%{y:.2f} %" if quantity.is_error else f"%{{y:.3f}}{quantity.unit}"
    name = _full_name(quantity, record.rewards[line.run])
    # The first reading of any quantity makes no line yet.
    marked = len(line.values) <= (_MOST_MARKERS if quantity.is_error else 1)
    run = "%{fullData.name}" if record.compares else ""
    return trace(
        "scatter",
        x=(line.seconds / unit_seconds).tolist(),
        y=line.values.tolist(),
        # Cut to the decimal that is shown: rounded up, an epoch would seem over that is not.
        customdata=[None if math.isnan(epoch) else epoch for epoch in np.floor(10 * line.epochs + 1e-5) / 10],
        uid=f"{quantity.key}-{line.run + 1}",
        name=record.names[line.run],
        mode="lines+markers" if marked else "lines",
        line={"color": color, "width": 2.5, "dash": _DASHES[line.run > 0]},
        marker={"symbol": _MARKERS[line.run > 0], "color": color, "size": 8, "line": {"color": color, "width": 1.5}},
        hovertemplate=f"{name} {number}<br>%{{x:.1f}} {unit}, epoch %{{customdata:.1f}}<extra>{run}</extra>",
    )


def _name(quantity: _Quantity, rewards: Sequence[Reward]) -> str:
    """What a quantity is called beside its curves; of two runs with different rewards both are called reward."""
    return WORDS[rewards[0]].earned if quantity.key == "reward" and len(set(rewards)) == 1 else quantity.name


def _full_name(quantity: _Quantity, reward: Reward) -> str:
    """What a quantity is called where there is room."""
    words = WORDS[reward]
    return {"reward": words.earned, "value": f"value, {words.expected}:"}.get(quantity.key, quantity.name)


def in_words(figure: Figure) -> str:
    """What a figure shows and the last reading of each of its curves, for those who cannot see it."""
    lines = [line for line in figure.data if "hovertemplate" in line]
    runs = {line["name"] for line in lines}
    ends = [
        f"{line['name']}, " * (len(runs) > 1) + f"{line['hovertemplate'].partition(' %{y')[0]} {_said(line['y'][-1])}"
        for line in lines
    ]
    layout = figure.layout
    about = f"{layout['title']['text']}: {layout['yaxis']['title']['text']} over the training time"
    return f"{about}; at the end {'; '.join(ends)}" if ends else about


def _said(number: float) -> str:
    # A screen reader says a minus, but may leave a hyphen out. "z": what rounds to nothing has no sign.
    return f"{number:z.2f}".replace("-", "−")


def _run_names(record: _Record) -> dict[str, Any]:
    """Each run's dash and name, and its last number, which at the curve's end would not tell whose it is.

    A line of text: Plotly's own legend moves the plot area.
    """
    entries = [f"<b>{_STROKES[index > 0]}</b> {name}" for index, name in enumerate(record.names)]
    for line in record.lines:
        if line.quantity.headline:
            entries[line.run] += f" <b>{line.quantity.headline.format(line.values[-1])}</b>"
    return {
        "text": (4 * "\u00a0").join(entries),
        **{"xref": "paper", "x": 0, "xanchor": "left", "xshift": -LEFT},
        **{"yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 8, "showarrow": False, "font": {"size": 14}},
    }


def _labels(record: _Record) -> list[Label]:
    """Of two runs the longer one carries the names: the colours tell the other's."""
    ends = {line.quantity: line for line in sorted(record.lines, key=lambda line: line.seconds[-1])}
    labels = []
    for quantity, line in ends.items():
        place, color = float(line.values[-1]), CURVE_COLORS[quantity.key]
        labels.append(Label(_name(quantity, record.rewards), place, _NAME, color))
        if quantity.headline and not record.compares:
            labels.append(Label(f"<b>{quantity.headline.format(place)}</b>", place, _NUMBER, color))
    return labels
