import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from app.components.viewer import scene_data
from app.figures.contrast import blend, text_on
from app.figures.numbers import scene_rows
from app.look.light import DARK_FIELD
from app.look.scene import Scene


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


def test_value_that_expects_information_says_so_everywhere(scene: Scene) -> None:
    other = dataclasses.replace(scene, reward="information")
    assert scene_data(scene)["axis"] == "probability"
    assert scene_data(other)["axis"] == "share, probability"
    assert scene_data(other)["expects"] == "expected information"
    assert "not how likely the answer is to be right" in scene_data(other)["explains"]
    assert scene_data(other)["id"] != scene_data(scene)["id"]


def test_table_has_both_ways_where_a_glimpse_was_moved(scene: Scene) -> None:
    own = scene_with([0.3, 0.6, 0.9], [[0.5, 0.3, 0.2]] * 3)
    rows = scene_rows(dataclasses.replace(scene, own=own, forced=(1,)))
    assert [(row["way"], row["glimpse"], row["value"]) for row in rows] == [
        *(("its own", 1, 0.3), ("yours", 1, 0.25), ("its own", 2, 0.6), ("yours", 2, 0.5)),
        *(("its own", 3, 0.9), ("yours", 3, 0.75)),
    ]
    assert "way" not in scene_rows(scene)[0]


def test_classes_stand_in_the_table_by_their_names(scene: Scene) -> None:
    named = dataclasses.replace(scene, classes=("0", "<b>", "hippopotamus"))
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
def test_table_takes_any_number_of_glimpses_and_classes(steps: int, classes: int) -> None:
    scene = scene_with(np.linspace(0, 1, steps), np.full((steps, classes), 1 / classes))
    assert len(scene_rows(scene)) == steps


def test_table_has_the_charts_numbers(scene: Scene) -> None:
    rows = scene_rows(scene)
    assert list(rows[0]) == ["glimpse", "x", "y", "value", "best class", "probability (%)", "p(0)", "p(1)", "p(2)"]
    assert list(rows[0].values()) == [1, 0.1, -0.2, 0.25, "0", 50.0, 0.5, 0.3, 0.2]
    assert [row["glimpse"] for row in rows] == [1, 2, 3]
    assert [row["best class"] for row in rows] == ["0", "1", "1"]
    assert [row["probability (%)"] for row in rows] == [50.0, 75.0, 100.0]
    assert {type(cell) for row in rows for cell in row.values()} == {int, float, str}


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
        "import sys, app.figures.animation, app.figures.film_strip, app.figures.numbers;"
        "print(sorted({'streamlit', 'torch'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "[]"


def test_style_sheets_know_the_dark_field() -> None:
    app = Path(__file__).parents[3] / "app"
    assert f"--dark-field: {DARK_FIELD};" in (app / "style.css").read_text(encoding="utf-8")
    for sheet in app.rglob("*.css"):
        assert sheet.read_text(encoding="utf-8").count(DARK_FIELD) == (sheet.name == "style.css"), sheet
