import dataclasses
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pytest

from app.components.viewer import scene_data
from app.figures import belief
from app.figures.contrast import blend, text_on
from app.figures.numbers import scene_rows
from app.figures.palette import step_colors
from app.look.light import DARK_FIELD
from app.look.scene import Scene
from tests.app.conftest import checked

value_figure, probabilities_figure = checked(belief.value_figure), checked(belief.probabilities_figure)


def value_line(figure: go.Figure) -> go.Scatter:
    return next(trace for trace in figure.data if trace.uid == "value")


def scene_with(values: Sequence[float] | npt.NDArray, class_probs: npt.ArrayLike) -> Scene:
    steps = len(values)
    return Scene(
        image=np.zeros((28, 28), np.float32),
        locations=np.array([[0.1, -0.2]] * steps, np.float32),
        location_means=np.zeros((steps, 2), np.float32),
        location_std=0.0,
        corners=np.full((steps, 1, 2), 10),
        patches=np.zeros((steps, 1, 8, 8), np.float32),
        values=np.array(values, np.float32),
        class_probs=np.array(class_probs, np.float32),
        model="test",
        settings={},
    )


@pytest.fixture
def scene() -> Scene:
    return scene_with([0.25, 0.5, 0.75], [[0.5, 0.3, 0.2], [0.125, 0.75, 0.125], [0.0, 1.0, 0.0]])


def test_value_figure_plots_each_value_over_its_glimpse_in_the_steps_color(scene: Scene) -> None:
    figure = value_figure(scene)
    line = value_line(figure)
    assert list(line.x) == [1, 2, 3]
    assert list(line.y) == [0.25, 0.5, 0.75]
    assert list(line.marker.color) == step_colors(3)
    assert line.hovertemplate.startswith("glimpse %{x}<br>value %{y:.3f}: expected reward")
    assert figure.layout.xaxis.title.text == "glimpse"
    assert figure.layout.yaxis.title.text == "probability"


def test_bars_say_how_sure_the_model_is_if_it_stops_there(scene: Scene) -> None:
    bars = next(trace for trace in value_figure(scene).data if trace.uid == "sure")
    # The largest of each row of probabilities, and its class.
    assert list(zip(bars.x, bars.y, bars.customdata, strict=True)) == [(1, 0.5, "0"), (2, 0.75, "1"), (3, 1.0, "1")]
    assert list(bars.marker.color) == step_colors(3)
    assert bars.hovertemplate.startswith("glimpse %{x}<br>sure if it stopped now: %{y:.1%}, class %{customdata}")


def test_last_value_and_last_sureness_stand_beside_the_chart_without_touching(scene: Scene) -> None:
    labels = value_figure(scene).data[-1]
    assert list(labels.text) == ["\u00a0value <b>0.75</b>", "\u00a0sure <b>1.00</b>"]
    equal = value_figure(scene_with([1.0], [[1.0, 0.0]])).data[-1]
    assert list(equal.text) == ["\u00a0sure <b>1.00</b>", "\u00a0value <b>1.00</b>"]
    assert equal.y[1] - equal.y[0] > 0.1


def test_value_that_expects_information_says_so_everywhere(scene: Scene) -> None:
    other = dataclasses.replace(scene, reward="information")
    figure = value_figure(other)
    assert "expected information" in value_line(figure).hovertemplate
    assert figure.layout.yaxis.title.text == "share, probability"
    assert belief.value_in_words(other).startswith(
        "The value (expected information) after each glimpse: 0.25, 0.50, 0.75"
    )
    assert scene_data(other)["expects"] == "expected information"
    assert "not how likely the answer is to be right" in scene_data(other)["explains"]
    assert scene_data(other)["id"] != scene_data(scene)["id"]


def test_charts_are_told_in_words_with_their_numbers(scene: Scene) -> None:
    assert belief.value_in_words(scene) == (
        "The value (expected reward) after each glimpse: 0.25, 0.50, 0.75. "
        "How sure the model would be if it stopped there, in percent: 50, 75, 100."
    )
    assert belief.probabilities_in_words(scene).endswith("in percent: 0 with 50, 1 with 75, 1 with 100.")


@pytest.mark.parametrize(
    ("values", "low", "high"), [([0.25, 0.5], 0, 1), ([-0.5, 1.5], -0.5, 1.5), ([2.0, 0.5], 0, 2.0)]
)
def test_value_axis_spans_zero_to_one_and_every_value(values: list[float], low: float, high: float) -> None:
    axis = value_figure(scene_with(values, [[1.0]] * 2)).layout.yaxis
    assert axis.range == pytest.approx((low - 0.08, high + 0.08))


def test_negative_value_that_rounds_to_zero_has_no_minus_sign() -> None:
    assert "\u00a0value <b>0.00</b>" in value_figure(scene_with([-0.001], [[1.0]])).data[-1].text


def test_probabilities_figure_has_a_column_a_glimpse_from_dark_field_to_the_steps_color(scene: Scene) -> None:
    columns = [trace for trace in probabilities_figure(scene).data if trace.type == "heatmap"]
    assert [list(column.x) for column in columns] == [[1], [2], [3]]
    assert [list(column.y) for column in columns] == [[0, 1, 2]] * 3
    assert np.array([column.z for column in columns]).squeeze(axis=2) == pytest.approx(scene.class_probs)
    assert [column.colorscale[-1] for column in columns] == [(1, color) for color in step_colors(3)]
    assert {(column.zmin, column.zmax) for column in columns} == {(0, 1)}


def test_probabilities_figure_prints_percent_and_leaves_out_what_is_below_one(scene: Scene) -> None:
    numbers = probabilities_figure(scene).data[-1]
    shown = list(zip(numbers.x, numbers.y, numbers.text, strict=True))
    assert shown == [(1, 0, "50"), (1, 1, "30"), (1, 2, "20"), (2, 0, "12"), (2, 1, "75"), (2, 2, "12"), (3, 1, "100")]
    assert numbers.textfont.color[-1] == DARK_FIELD  # the last step is amber
    assert numbers.textfont.color[2] == "#ffffff"  # nearly the dark field


def test_probabilities_figure_has_every_class_on_its_axis_zero_on_top(scene: Scene) -> None:
    figure = probabilities_figure(scene)
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert figure.layout.xaxis.range == (0.5, 3.5)
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("glimpse", "class")


def test_with_many_classes_the_cells_carry_no_numbers() -> None:
    many = scene_with([0.5], np.full((1, 26), 1 / 26))
    assert [trace.type for trace in probabilities_figure(many).data] == ["heatmap"]


def test_figures_show_the_models_own_way_beside_yours_where_a_glimpse_was_moved(scene: Scene) -> None:
    own = scene_with([0.3, 0.6, 0.9], [[0.5, 0.3, 0.2], [0.25, 0.5, 0.25], [0.75, 0.125, 0.125]])
    moved = dataclasses.replace(scene, own=own, forced=(1,))
    traces = {
        trace.uid: trace for figure in (value_figure(moved), probabilities_figure(moved)) for trace in figure.data
    }
    assert list(traces["own-value"].y) == pytest.approx([0.3, 0.6, 0.9])
    assert list(traces["value"].y) == [0.25, 0.5, 0.75]
    assert list(zip(traces["own-sure"].y, traces["own-sure"].customdata, strict=True)) == [
        (0.5, "0"),
        (0.5, "1"),
        (0.75, "0"),
    ]
    assert list(traces["sure"].y) == [0.5, 0.75, 1.0]
    # Left of each glimpse, and beside each other.
    left, right = traces["own-probabilities-3"].x, traces["probabilities-3"].x
    assert 2.5 < left[0] < left[1] < right[0] < 3 < right[1] < 3.5
    assert np.array(traces["own-probabilities-3"].z)[:, 0] == pytest.approx([0.75, 0.125, 0.125])
    assert np.array(traces["probabilities-3"].z)[:, 0] == pytest.approx([0, 1, 0])
    assert list(traces["own-percents"].text)[-3:] == ["75", "12", "12"]
    for figure in (value_figure(moved), probabilities_figure(moved)):
        assert figure.layout.title.text.endswith("pale: its own way")
    assert belief.value_in_words(moved).endswith(
        "in percent: 50, 75, 100. Its own way: The value (expected reward) after each glimpse: 0.30, 0.60, 0.90. "
        "How sure the model would be if it stopped there, in percent: 50, 50, 75."
    )
    assert belief.probabilities_in_words(moved).endswith(
        "0 with 50, 1 with 75, 1 with 100. Its own way: 0 with 50, 1 with 50, 0 with 75."
    )


def test_table_has_both_ways_where_a_glimpse_was_moved(scene: Scene) -> None:
    own = scene_with([0.3, 0.6, 0.9], [[0.5, 0.3, 0.2]] * 3)
    rows = scene_rows(dataclasses.replace(scene, own=own, forced=(1,)))
    assert [(row["way"], row["glimpse"], row["value"]) for row in rows] == [
        *(("its own", 1, 0.3), ("yours", 1, 0.25), ("its own", 2, 0.6), ("yours", 2, 0.5)),
        *(("its own", 3, 0.9), ("yours", 3, 0.75)),
    ]
    assert "way" not in scene_rows(scene)[0]


@pytest.mark.parametrize("figure_of", [value_figure, probabilities_figure])
def test_figures_keep_their_identity_over_updates(scene: Scene, figure_of: Callable[[Scene], go.Figure]) -> None:
    other = scene_with([0.1, 0.2, 0.3], [[0.2, 0.3, 0.5]] * 3)
    before, after = figure_of(scene), figure_of(other)
    assert [trace.uid for trace in before.data] == [trace.uid for trace in after.data]
    assert None not in [trace.uid for trace in before.data]
    assert before.layout.uirevision == after.layout.uirevision is not None


@pytest.mark.parametrize("figure_of", [value_figure, probabilities_figure])
def test_figures_fit_light_and_dark_pages(scene: Scene, figure_of: Callable[[Scene], go.Figure]) -> None:
    layout = figure_of(scene).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    for part in (layout.font, layout.title.font, layout.xaxis.tickfont, layout.xaxis.title.font, layout.yaxis.tickfont):
        assert part.color is None
        assert part.size >= 14
    assert layout.height == 260
    assert layout.xaxis.fixedrange
    assert layout.yaxis.fixedrange


def test_classes_stand_at_the_axis_by_their_names(scene: Scene) -> None:
    named = dataclasses.replace(scene, classes=("0", "<b>", "hippopotamus"))
    assert list(probabilities_figure(named).layout.yaxis.ticktext) == ["0", "&lt;b&gt;", "hippop…"]
    assert list(scene_rows(named)[0])[-3:] == ["p(0)", "p(<b>)", "p(hippopotamus)"]
    assert named.answer == "RAM says <b> (100.0 %)"


@pytest.mark.parametrize(
    ("probability", "answer"),
    [
        (0.5, "RAM says 1 (50.0 %)"),
        (0.496, "RAM is not sure: perhaps 1 (50 %)"),
        (0.34, "RAM is not sure: perhaps 1 (34 %)"),
    ],
)
def test_an_answer_that_is_rather_wrong_than_right_is_none(scene: Scene, probability: float, answer: str) -> None:
    others = (1 - probability) / 2
    last = np.array([[others, probability, others]], np.float32)
    unsure = dataclasses.replace(scene, class_probs=np.concatenate([scene.class_probs[:-1], last]))
    assert unsure.answer == answer
    assert scene_data(unsure)["sure"] == (probability >= 0.5)


def test_an_answer_to_what_may_be_no_digit_is_doubted_whatever_its_probability(scene: Scene) -> None:
    doubted = dataclasses.replace(scene, is_digit=False)
    assert doubted.answer == "RAM doubts that this is a digit: perhaps 1"
    assert scene_data(doubted)["sure"] is False
    unlikely = dataclasses.replace(doubted, class_probs=np.full((3, 3), 1 / 3, np.float32))
    assert unlikely.answer == "RAM is not sure: perhaps 0 (33 %)"


@pytest.mark.parametrize(
    ("best", "answer"), [(0.19, "RAM cannot tell: nothing is likely"), (0.21, "RAM is not sure: perhaps 3 (21 %)")]
)
def test_what_is_hardly_likelier_than_chance_is_not_named(best: float, answer: str) -> None:
    probs = np.full((1, 10), (1 - best) / 9)
    probs[0, 3] = best
    assert scene_with([0.5], probs).answer == answer


@pytest.mark.parametrize(("steps", "classes"), [(1, 2), (1, 10), (20, 26), (6, 1)])
def test_figures_and_table_take_any_number_of_glimpses_and_classes(steps: int, classes: int) -> None:
    scene = scene_with(np.linspace(0, 1, steps), np.full((steps, classes), 1 / classes))
    assert len(value_line(value_figure(scene)).x) == steps
    assert sum(trace.type == "heatmap" for trace in probabilities_figure(scene).data) == steps
    assert len(scene_rows(scene)) == steps


def test_table_has_the_charts_numbers(scene: Scene) -> None:
    rows = scene_rows(scene)
    assert list(rows[0]) == ["glimpse", "x", "y", "value", "best class", "probability (%)", "p(0)", "p(1)", "p(2)"]
    assert list(rows[0].values()) == [1, 0.1, -0.2, 0.25, "0", 50.0, 0.5, 0.3, 0.2]
    assert [row["glimpse"] for row in rows] == [1, 2, 3]
    assert [row["best class"] for row in rows] == ["0", "1", "1"]
    assert [row["probability (%)"] for row in rows] == [50.0, 75.0, 100.0]
    assert {type(cell) for row in rows for cell in row.values()} == {int, float, str}
    assert [row["value"] for row in rows] == list(value_line(value_figure(scene)).y)


@pytest.mark.parametrize(
    ("background", "text"),
    [("#000000", "#ffffff"), ("#ffffff", DARK_FIELD), ("#6e56e7", "#ffffff"), ("#f8bd1d", DARK_FIELD)],
)
def test_text_takes_the_color_with_more_contrast(background: str, text: str) -> None:
    assert text_on(background) == text


def test_blend_goes_from_start_to_end() -> None:
    assert [blend("#000000", "#ff6400", share) for share in (0, 0.5, 1)] == ["#000000", "#803200", "#ff6400"]


def test_figures_and_exports_load_neither_streamlit_nor_torch() -> None:
    program = (
        "import sys, app.figures.animation, app.figures.film_strip, app.figures.belief, app.figures.numbers;"
        "print(sorted({'streamlit', 'torch'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "[]"


def test_style_sheets_know_the_dark_field() -> None:
    app = Path(__file__).parents[3] / "app"
    assert f"--dark-field: {DARK_FIELD};" in (app / "style.css").read_text(encoding="utf-8")
    for sheet in app.rglob("*.css"):
        assert sheet.read_text(encoding="utf-8").count(DARK_FIELD) == (sheet.name == "style.css"), sheet
