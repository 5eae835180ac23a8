import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures import curves
from app.figures.chart import Label, spread_labels
from app.figures.curves import MOST_POINTS, Curves
from app.figures.palette import CURVE_COLORS
from tests.app.conftest import checked

accuracy_figure, loss_figure = checked(curves.accuracy_figure), checked(curves.loss_figure)
reward_figure, spread_figure = checked(curves.reward_figure), checked(curves.spread_figure)
FIGURES = [accuracy_figure, reward_figure, loss_figure, spread_figure]
FigureOf = Callable[[Sequence[Curves]], go.Figure]


def reading(second: float, **values: Any) -> dict[str, Any]:
    dense = {"action_loss": 0.5, "reinforce_loss": -0.25, "value_loss": 0.125, "reward": 0.75, "value": 0.5}
    return {"step": 10, "epoch": second / 5, "elapsed_s": second, **dense, "location_spread": 0.2, **values}


def run_with(errors: Sequence[float], name: str = "run", **values: Any) -> Curves:
    return Curves(name, [reading(index + 1.0, validation_error=error, **values) for index, error in enumerate(errors)])


def trace_of(figure: go.Figure, uid: str) -> go.Scatter:
    (trace,) = [trace for trace in figure.data if trace.uid == uid]
    return trace


def labels_of(figure: go.Figure) -> dict[str, float]:
    labels = trace_of(figure, "labels")
    return {text.strip("\u00a0"): float(y) for text, y in zip(labels.text, labels.y, strict=True)}


def notes_of(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_accuracy_is_what_is_missing_of_the_error_to_a_hundred() -> None:
    rows = [reading(1), reading(2, validation_error=10.0, training_error=6.5), reading(4, validation_error=4.0)]
    figure = accuracy_figure([Curves("run", rows)])
    assert [trace.uid for trace in figure.data] == ["validation_error-1", "training_error-1", "labels"]
    validation, training = figure.data[:2]
    assert list(validation.x) == [2, 4]
    assert list(validation.y) == [90, 96]
    assert list(validation.customdata) == [0.4, 0.8]
    assert list(training.y) == [93.5]
    assert validation.mode == "lines+markers"


def test_drawings_get_a_curve_where_the_run_measured_them() -> None:
    figure = accuracy_figure([run_with([4.0], drawings_error=20.0)])
    assert list(trace_of(figure, "drawings_error-1").y) == [80]
    assert "drawings" in labels_of(figure)


def test_last_validation_accuracy_stands_large_above_its_name() -> None:
    figure = accuracy_figure([run_with([10.0, 2.04])])
    labels = labels_of(figure)
    assert list(labels) == ["validation", "<b>98.0</b>"]
    assert labels["<b>98.0</b>"] > labels["validation"]
    assert list(trace_of(figure, "labels").textfont.size) == [15, 20]


@pytest.mark.parametrize(
    ("errors", "floor"),
    [
        ([90.0], 0),
        ([90.0, 3.0, 2.5], 0),  # too few readings to leave one out
        ([90.0, 60.0, 4.0, 3.0, 3.0, 3.0, 3.0, 2.0], 95),  # the first two of eight are the start
        ([90.0, 60.0, 6.0, 3.0, 3.0, 3.0, 3.0, 2.0], 90),
        ([5.0], 95),
        ([15.0], 80),
        ([45.0], 50),
        ([0.1], 95),  # never less than five points
        ([170.0], 0),
    ],
)
def test_accuracy_axis_ends_at_a_hundred_and_begins_below_all_but_the_start(errors: list[float], floor: int) -> None:
    low, high = accuracy_figure([run_with(errors)]).layout.yaxis.range
    headroom = 0.05 * (100 - floor)
    assert (low, high) == pytest.approx((floor - headroom, 100 + headroom))


def test_accuracy_axis_suits_the_worse_of_two_runs() -> None:
    figure = accuracy_figure([run_with([2.0]), run_with([30.0])])
    assert figure.layout.yaxis.range[0] == pytest.approx(50 - 2.5)


def test_reward_and_value_stand_on_one_axis_from_zero_to_one() -> None:
    figure = reward_figure([Curves("run", [reading(1, reward=0.25, value=0.5), reading(2, reward=0.75, value=0.625)])])
    assert list(trace_of(figure, "reward-1").y) == [0.25, 0.75]
    assert list(trace_of(figure, "value-1").y) == [0.5, 0.625]
    assert figure.layout.yaxis.range == pytest.approx((-0.05, 1.05))


READ = [reading(1, reward=0.25, value=0.5), reading(2, reward=0.75, value=0.625)]


def test_axis_and_labels_name_the_reward_that_a_run_earns() -> None:
    right, informed = (reward_figure([Curves("run", READ, reward)]) for reward in ("hit", "information"))
    assert right.layout.yaxis.title.text == "share of right answers"
    assert trace_of(right, "value-1").hovertemplate.startswith("value, expected reward: %{y:.3f}<br>")
    assert informed.layout.yaxis.title.text == "share of the information"
    assert [trace.uid for trace in informed.data] == ["reward-1", "value-1", "labels"]
    assert sorted(trace_of(informed, "labels").text) == ["\u00a0information", "\u00a0value"]
    assert trace_of(informed, "reward-1").hovertemplate.startswith("information %{y:.3f}<br>")
    assert trace_of(informed, "value-1").hovertemplate.startswith("value, expected information: %{y:.3f}<br>")


def test_two_runs_with_different_rewards_are_told_apart_on_the_axis() -> None:
    figure = reward_figure([Curves("a", READ), Curves("b", READ, "information")])
    assert figure.layout.yaxis.title.text == "\u2014\u2014 reward, \u2013 \u2013 information"
    alike = reward_figure([Curves("a", READ, "information"), Curves("b", READ, "information")])
    assert alike.layout.yaxis.title.text == "share of the information"


def test_figures_are_told_in_words_with_their_last_readings() -> None:
    one = curves.reward_figure([Curves("run", READ, "information")])
    assert curves.in_words(one) == (
        "Reward, and the value that predicts it: share of the information over the training time; "
        "at the end information 0.75; value, expected information: 0.62"
    )
    two = curves.spread_figure([Curves("a", READ), Curves("b", READ)])
    assert curves.in_words(two).endswith("; at the end a, spread 0.20; b, spread 0.20")
    losses = curves.in_words(curves.loss_figure([Curves("run", [reading(1, value_loss=-0.001)])]))
    assert losses.endswith("at the end cross-entropy 0.50; value error 0.00; REINFORCE −0.25")
    assert curves.in_words(curves.loss_figure([])) == "The parts of the loss, unweighted: loss over the training time"


def test_reward_axis_grows_with_a_value_that_runs_away() -> None:
    axis = reward_figure([Curves("run", [reading(1, value=50.0)])]).layout.yaxis
    assert axis.range == pytest.approx((-2.5, 52.5))
    assert axis.dtick == 10


def test_loss_figure_shows_its_three_parts_and_zero() -> None:
    figure = loss_figure([Curves("run", [reading(1, action_loss=2.25, reinforce_loss=-0.75, value_loss=0.125)])])
    assert {trace.uid: list(trace.y) for trace in figure.data[:-1]} == {
        "action_loss-1": [2.25],
        "value_loss-1": [0.125],
        "reinforce_loss-1": [-0.75],
    }
    # 3 in all are 0.6 a step at five steps, next round step 1.
    assert figure.layout.yaxis.range == (-1, 3)
    assert figure.layout.yaxis.dtick == 1
    assert figure.layout.yaxis.zeroline


def test_spread_figure_says_what_zero_means() -> None:
    figure = spread_figure([Curves("run", [reading(1, location_spread=0.28)])])
    assert notes_of(figure) == ["0: it looks at the same place in every image"]
    assert "<b>0.28</b>" in labels_of(figure)


@pytest.mark.parametrize(
    ("seconds", "title", "last"),
    [
        (179, "training time (s)", 179),
        (180, "training time (min)", 3),
        (10800, "training time (min)", 180),
        (10801, "training time (h)", 10801 / 3600),
    ],
)
def test_time_is_in_the_unit_that_suits_the_longest_run(seconds: float, title: str, last: float) -> None:
    runs = [Curves("short", [reading(10)]), Curves("long", [reading(seconds)])]
    figure = reward_figure(runs)
    assert figure.layout.xaxis.title.text == title
    assert trace_of(figure, "reward-2").x[-1] == pytest.approx(last)
    assert figure.layout.xaxis.range == pytest.approx((0, 1.03 * last))


def test_hover_tells_quantity_time_and_epoch() -> None:
    trace = trace_of(reward_figure([Curves("run", [reading(1)])]), "reward-1")
    assert trace.hovertemplate == "reward %{y:.3f}<br>%{x:.1f} s, epoch %{customdata:.1f}<extra></extra>"


def test_hover_rounds_no_epoch_up() -> None:
    rows = [reading(1, epoch=epoch) for epoch in (0.96, 1.3, 2.9999, 3.0)]
    assert trace_of(reward_figure([Curves("run", rows)]), "reward-1").customdata == (0.9, 1.3, 2.9, 3.0)


@pytest.mark.parametrize("figure_of", FIGURES)
def test_two_runs_share_colors_and_differ_in_dash(figure_of: FigureOf) -> None:
    figure = figure_of([run_with([5.0, 4.0], name="first"), run_with([9.0, 8.0, 7.0], name="second")])
    traces = {trace.uid: trace for trace in figure.data if trace.uid != "labels"}
    for uid, trace in traces.items():
        key, run = uid.rsplit("-", 1)
        assert trace.line.color == CURVE_COLORS[key]
        assert trace.line.dash == ("solid" if run == "1" else "6px,4px")
        assert trace.name == ("first" if run == "1" else "second")
        assert "fullData.name" in trace.hovertemplate
    assert {uid.rsplit("-", 1)[1] for uid in traces} == {"1", "2"}


def test_names_and_last_numbers_of_two_runs_stand_above_the_plot() -> None:
    figure = accuracy_figure([run_with([5.0], name="first"), run_with([9.0, 8.0], name="second")])
    (names,) = notes_of(figure)
    assert names.replace("\u00a0", " ") == "<b>——</b> first <b>95.0</b>    <b>– –</b> second <b>92.0</b>"
    assert list(labels_of(figure)) == ["validation"]
    assert labels_of(figure)["validation"] == pytest.approx(92)  # the longer run carries the name


def test_long_names_share_the_line_and_markup_in_them_stays_text() -> None:
    figure = loss_figure([Curves("<b>bold", [reading(1)]), Curves("x" * 40, [reading(1)])])
    (names,) = notes_of(figure)
    assert "&lt;b&gt;bold" in names
    # Two names of 17 characters fit; the first leaves 10 of its own to the second.
    assert names.endswith(" " + "x" * 26 + "…")


def test_long_names_of_two_runs_stay_apart() -> None:
    own, recorded = (run_with([5.0], name=f"Glimpses too small{end}") for end in ("", " (recorded)"))
    (names,) = notes_of(accuracy_figure([own, recorded]))
    # 17 characters each: 8 from the beginning, 8 from the end
    assert "Glimpses…oo small" in names.replace("\u00a0", " ")
    assert "Glimpses…ecorded)" in names.replace("\u00a0", " ")


@pytest.mark.parametrize("figure_of", FIGURES)
@pytest.mark.parametrize("runs", [[], [Curves("run", [])], [Curves("run", [{"step": 1}])], [Curves("", [])] * 2])
def test_without_readings_a_titled_figure_says_that_they_come(figure_of: FigureOf, runs: list[Curves]) -> None:
    figure = figure_of(runs)
    assert figure.layout.title.text
    assert figure.layout.xaxis.title.text == "training time (s)"
    assert figure.layout.yaxis.title.text
    assert notes_of(figure)[0] == "The first readings come in a moment"


def test_first_reading_is_a_point_until_there_is_a_line() -> None:
    rows = [reading(1), reading(2)]
    assert trace_of(reward_figure([Curves("run", rows[:1])]), "reward-1").mode == "lines+markers"
    assert trace_of(reward_figure([Curves("run", rows)]), "reward-1").mode == "lines"


@pytest.mark.parametrize("figure_of", FIGURES)
@pytest.mark.parametrize("damage", [None, "0.5", math.nan, math.inf, -math.inf, [], {}, 10**400, 1e300])
def test_damaged_readings_are_left_out(figure_of: FigureOf, damage: Any) -> None:
    whole = reading(1, validation_error=3.0, training_error=2.0)
    without_time = whole | {"elapsed_s": damage}
    without_values = {key: 2.0 if key == "elapsed_s" else damage for key in whole}
    figure = figure_of([Curves("run", [without_time, whole, without_values, {}])])
    for trace in figure.data[:-1]:
        assert list(trace.x) == [1]
        assert np.isfinite(trace.y).all()


def test_reading_without_epoch_is_still_a_point() -> None:
    assert len(trace_of(reward_figure([Curves("run", [reading(1, epoch="?")])]), "reward-1").y) == 1


def test_dense_readings_become_means_of_neighbours_and_the_last_stays() -> None:
    # 1000 readings before the last make 334 bins, of three readings each but for the last bin, which has one.
    run = Curves("run", [reading(second, reward=second / 1000) for second in range(1001)])
    trace = trace_of(reward_figure([run]), "reward-1")
    assert len(trace.y) == 335
    assert list(trace.y[:2]) == pytest.approx([0.001, 0.004])
    assert list(trace.x[:2]) == pytest.approx([1 / 60, 4 / 60])
    assert list(trace.y[-2:]) == pytest.approx([0.999, 1.0])


def test_few_readings_stay_as_they_are() -> None:
    run = Curves("run", [reading(second, reward=second / 1000) for second in range(MOST_POINTS)])
    assert list(trace_of(reward_figure([run]), "reward-1").y) == [second / 1000 for second in range(MOST_POINTS)]


def test_measurements_are_thinned_evenly_between_first_and_last() -> None:
    errors = np.linspace(50, 1, 1000)
    accuracies = trace_of(accuracy_figure([run_with(errors.tolist())]), "validation_error-1").y
    assert len(accuracies) == MOST_POINTS
    assert set(accuracies) <= set(100 - errors)
    assert (accuracies[0], accuracies[-1]) == (50, 99)
    assert np.diff(accuracies).max() < 2 * np.diff(accuracies).min() + 1e-9


def test_many_measurements_lose_their_markers() -> None:
    modes = [trace_of(accuracy_figure([run_with([5.0] * count)]), "validation_error-1").mode for count in (30, 31)]
    assert modes == ["lines+markers", "lines"]


def test_labels_that_overlap_are_pushed_apart_evenly() -> None:
    # One unit of the axis is a pixel: two labels of 1.2 * 10 px around their middle, the third left alone.
    labels = [Label("b", 51, 10, ""), Label("a", 49, 10, ""), Label("c", 90, 10, "")]
    apart = spread_labels(labels, 0, 100, height=100)
    assert [label.text for label in apart] == ["a", "b", "c"]
    assert [label.place for label in apart] == pytest.approx([44, 56, 90])


def test_labels_stay_inside_the_plot_area_and_large_ones_get_more_room() -> None:
    apart = spread_labels([Label("name", 100, 10, ""), Label("number", 100, 20, "")], 0, 100, height=100)
    assert [label.place for label in apart] == pytest.approx([70, 88])
    assert [label.place for label in spread_labels([Label("low", -50, 10, "")], 0, 100, height=100)] == [6]
    assert spread_labels([], 0, 1, height=1) == []


@pytest.mark.parametrize("figure_of", FIGURES)
def test_curves_keep_their_identity_while_they_grow(figure_of: FigureOf) -> None:
    before, after = figure_of([run_with([5.0])]), figure_of([run_with([500.0, -1e6, 2.0])])
    assert [trace.uid for trace in before.data] == [trace.uid for trace in after.data]
    assert before.layout.uirevision == after.layout.uirevision is not None
    assert before.layout.margin == after.layout.margin
    assert not after.layout.xaxis.automargin
    assert not after.layout.yaxis.automargin


def test_curves_line_up_with_each_other() -> None:
    layouts = [figure_of([run_with([5.0])]).layout for figure_of in FIGURES]
    assert {layout.height for layout in layouts} == {260}
    assert len({(layout.margin.l, layout.margin.r, layout.margin.t, layout.margin.b) for layout in layouts}) == 1
    assert len({layout.xaxis.range for layout in layouts}) == 1


@pytest.mark.parametrize("figure_of", FIGURES)
def test_curves_fit_light_and_dark_pages(figure_of: FigureOf) -> None:
    layout = figure_of([run_with([5.0]), run_with([4.0])]).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    fonts = [layout.font, layout.title.font, layout.xaxis.tickfont, layout.yaxis.title.font]
    for font in fonts + [note.font for note in layout.annotations]:
        assert font.color is None
        assert font.size >= 13
    assert layout.xaxis.fixedrange
    assert layout.yaxis.fixedrange


@pytest.mark.parametrize("color", sorted(set(CURVE_COLORS.values())))
@pytest.mark.parametrize("ground", ["#ffffff", "#12141c"])
def test_curve_colors_are_readable_on_both_grounds(color: str, ground: str) -> None:
    darker, lighter = sorted((luminance(color), luminance(ground)))
    assert (lighter + 0.05) / (darker + 0.05) >= 3.8


def luminance(color: str) -> float:
    channels = [byte / 255 for byte in bytes.fromhex(color[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def test_curves_load_neither_streamlit_nor_torch() -> None:
    program = "import sys, app.figures.curves; print(sorted({'streamlit', 'torch'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "[]"
