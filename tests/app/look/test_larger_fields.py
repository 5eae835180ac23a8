"""The Draw page with models of larger images, run by Streamlit without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.look.field import Arrangement
from app.look.hardest import first_misread, hardest_digits, misread_digits
from app.look.layout import lay_out, model_field
from app.look.looking import LookRequest
from app.look.sources import digit_picture
from app.server.models import load_model
from app.server.models import test_digits as all_test_digits
from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram.config import RAMConfig
from ram.model import RAM
from tests.app.views.test_pages import STROKES, canvas_state, open_app, shown
from tests.canvas import along
from tests.servers import write_limits

SHAPE = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=3, hidden_size=16, glimpse_hidden_size=8)
SMALL_SEVEN = [(20, 20), (80, 20), (50, 90)]  # in the upper left of the canvas


@pytest.fixture
def models(runs_folder: Path) -> Path:
    """Models with random weights: translated, cluttered, and for images that cannot be made here."""
    torch.manual_seed(0)
    for name, side, clutter in (("translated", 60, 0), ("cluttered", 60, 4), ("wide", 100, 8), ("vast", 300, 0)):
        (runs_folder / name).mkdir(parents=True)
        info = CheckpointInfo(SHAPE, side, {"image_size": side, "clutter": clutter}, {})
        save_checkpoint(runs_folder / name / "best.safetensors", RAM(SHAPE).state_dict(), info)
    return runs_folder


def image_at_first(position: int, model: str) -> np.ndarray:
    """A test digit as this model gets it before anything is changed."""
    digits = all_test_digits()
    return lay_out(digit_picture(digits, position), model_field(model), Arrangement(), digits)


def image_of(app: AppTest) -> np.ndarray:
    """What the model looks at, in grey levels from 0 to 255."""
    return np.array(shown(app)["scene"]["image"])


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button} & {"Add clutter", "Other clutter", "Remove clutter", "Move digit"}


def draw(app: AppTest, *lines: list[tuple[int, int]], strokes: list[dict[str, Any]] = STROKES) -> AppTest:
    app.session_state["canvas"] = canvas_state(strokes, *lines)
    return app.run()


def caption(app: AppTest) -> list[str]:
    """The lines beside the image that the model gets."""
    lines: list[str] = shown(app)["gets"]["lines"]
    return lines


@pytest.mark.usefixtures("models")
def test_drawing_in_the_upper_left_lies_in_the_upper_left_of_the_larger_field() -> None:
    app = draw(open_app(model="translated"), SMALL_SEVEN)
    image = image_of(app)
    assert image.shape == (60, 60)
    rows, columns = image.nonzero()
    # The drawing's box, with a brush of 20 pixels, is 80 x 90 of 280; the digit's longer side is always 20 of 60.
    assert rows.max() - rows.min() + 1 == 20
    assert max(rows.max(), columns.max()) < 28
    assert shown(app)["scene"]["field"] == "60×60 pixels"
    assert caption(app) == ["60×60 pixels", "your drawing, resized in place"]


@pytest.mark.usefixtures("models")
def test_same_drawing_is_looked_at_by_each_model_in_its_own_field() -> None:
    app = draw(open_app(), SMALL_SEVEN)
    digit = image_of(app)
    for model, side in (("translated", 60), ("wide", 100), ("mnist", 28)):
        app.selectbox(key="model").select(model).run()
        assert image_of(app).shape == (side, side)
        app.session_state["show_clutter"] = "no"
        bare = image_of(app.run())
        assert sorted(bare[bare > 0]) == sorted(digit[digit > 0])
    assert np.array_equal(image_of(app), digit)


@pytest.mark.usefixtures("models")
def test_clutter_is_added_changed_and_removed_and_stands_in_the_address() -> None:
    app = open_app(model="translated", sample="17")
    bare = image_of(app)
    assert labels(app) == {"Add clutter", "Remove clutter", "Move digit"}
    first = image_of(press(app, "Add clutter"))
    assert caption(app) == ["60×60 pixels", "4 pieces of clutter", "MNIST test digit 17, a 7"]
    assert shown(app)["scene"]["field"] == "60×60 pixels with 4 pieces of clutter"
    second = image_of(press(app, "Other clutter"))
    assert not np.array_equal(first, bare)
    assert not np.array_equal(second, first)
    again = open_app(**app.query_params)
    assert np.array_equal(image_of(again), second)
    assert np.array_equal(image_of(press(app, "Remove clutter")), bare)
    assert app.query_params["clutter"] == "no"


@pytest.mark.usefixtures("models")
def test_cluttered_model_starts_with_the_clutter_it_was_trained_with() -> None:
    app = open_app(sample="17")
    assert labels(app) == set()
    app.selectbox(key="model").select("cluttered").run()
    assert caption(app)[:2] == ["60×60 pixels", "4 pieces of clutter"]
    app.selectbox(key="model").select("wide").run()
    assert caption(app)[:2] == ["100×100 pixels", "8 pieces of clutter"]
    press(app, "Remove clutter")
    assert caption(app) == ["100×100 pixels", "MNIST test digit 17, a 7"]
    assert "clutter" not in open_app(sample="17", model="wide").query_params


@pytest.mark.usefixtures("models")
def test_test_digit_can_be_sent_elsewhere_and_another_one_lies_at_its_own_place() -> None:
    app = open_app(model="translated", sample="17")
    first = image_of(app)
    moved = image_of(press(app, "Move digit"))
    assert not np.array_equal(moved, first)
    assert moved.sum() == first.sum()
    assert np.array_equal(image_of(open_app(model="translated", sample="17", spot="1")), moved)


@pytest.mark.usefixtures("models")
def test_moved_drawing_goes_back_to_where_it_is_drawn_with_the_next_stroke() -> None:
    app = draw(open_app(model="translated"), SMALL_SEVEN)
    press(app, "Move digit")
    assert app.query_params["spot"] == "1"
    assert caption(app)[-1] == "your drawing, resized and moved"
    draw(app, SMALL_SEVEN, [(30, 60), (70, 60)], strokes=[*STROKES, along([(30, 60), (70, 60)])])
    assert "spot" not in app.query_params
    assert max(axis.max() for axis in image_of(app).nonzero()) < 28


@pytest.mark.usefixtures("models")
def test_drawing_comes_back_by_its_address_at_its_place() -> None:
    app = draw(open_app(model="cluttered"), SMALL_SEVEN)
    again = open_app(**app.query_params)
    assert np.array_equal(image_of(again), image_of(app))


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("address", [{"clutter": "maybe"}, {"pieces": "-1"}, {"pieces": "1e9"}, {"spot": "²"}])
def test_impossible_clutter_or_place_in_the_address_is_ignored(address: dict[str, str]) -> None:
    app = open_app(model="cluttered", sample="17", **address)
    assert not app.exception
    assert np.array_equal(image_of(app), np.rint(image_at_first(17, "cluttered") * 255))


@pytest.mark.usefixtures("models")
def test_painted_canvas_is_blank_and_a_dot_in_the_corner_gets_an_answer() -> None:
    app = draw(open_app(model="translated"), *[[(0, y), (280, y)] for y in range(281)])
    assert shown(app)["scene"] is None
    assert shown(app)["prompt"] == "Draw a digit anywhere, small, or take one of the test digits"
    draw(app, [(260, 270), (279, 270)], strokes=[along([(260, 270), (279, 270)])])
    assert not app.exception
    rows, columns = image_of(app).nonzero()
    # A dot becomes three pixels wide, about (14, 14) of a digit that ends at the border: 60 - 28 + 14.
    assert {rows.min(), columns.min()} == {45}
    assert {rows.max(), columns.max()} == {47}


@pytest.mark.usefixtures("models")
def test_two_models_side_by_side_have_each_their_own_field() -> None:
    app = open_app(model="cluttered", sample="17", compare="yes")
    viewers = {element.key: json.loads(element.proto.bytes) for element in app.get("bidi_component")}
    assert viewers["viewer"]["scene"]["field"] == "60×60 pixels with 4 pieces of clutter"
    assert viewers["pretrained"]["scene"]["field"] == "28×28 pixels"
    titles = [element.proto.body for element in app.get("html") if element.proto.body.startswith("<h3")]
    # The last one stands above the charts, which are of the chosen model alone.
    assert titles == [
        "<h3>cluttered · 60×60 pixels</h3>",
        "<h3>mnist, pretrained · 28×28 pixels</h3>",
        "<h3 class='whose'>cluttered</h3>",
    ]


@pytest.mark.usefixtures("models")
def test_model_for_images_that_cannot_be_made_gets_one_sentence() -> None:
    app = open_app(model="vast", sample="17")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "vast is for images of 300 pixels a side, not of 28 to 256. Choose another model or device."
    ]


@pytest.mark.usefixtures("models")
def test_clutter_without_test_digits_gets_one_sentence(tmp_path: Path) -> None:
    write_limits(tmp_path, mnist=str(tmp_path))
    app = draw(open_app(model="cluttered"), SMALL_SEVEN)
    press(app, "Other clutter")
    assert not app.exception
    assert app.error[0].value.startswith(f"{tmp_path}/t10k-images-idx3-ubyte.gz is missing: restore it")


@pytest.mark.usefixtures("models")
def test_hardest_and_misread_digits_are_those_that_the_page_will_show() -> None:
    order = hardest_digits("cluttered")
    assert sorted(order) == list(range(2000))
    model, labels = load_model("cluttered"), all_test_digits().labels
    misread = misread_digits("cluttered")
    assert list(misread) == [position for position in order if position in set(misread)]
    probs = []
    for position in (order[0], order[1000], order[-1]):
        image = torch.from_numpy(image_at_first(int(position), "cluttered"))
        rollout = model.rollout(image, sample_locations=False, initial_location=torch.zeros(2))
        probs.append(float(rollout.class_probs[-1, int(labels[position])]))
        assert (position in set(misread)) == (int(rollout.class_probs[-1].argmax()) != int(labels[position]))
    assert probs == sorted(probs)


@pytest.mark.usefixtures("models")
def test_misread_digit_is_misread_from_the_first_glimpse_that_the_page_has() -> None:
    model, labels, order = load_model("cluttered"), all_test_digits().labels, hardest_digits("cluttered")

    def is_misread(position: int, seed: int) -> bool:
        image = torch.from_numpy(image_at_first(position, "cluttered"))
        chance = torch.Generator().manual_seed(seed)
        rollout = model.rollout(image, sample_locations=False, generator=chance)
        return int(rollout.class_probs[-1].argmax()) != int(labels[position])

    # Of both kinds: read wrong from the centre, and read right.
    positions = [
        int(position) for pair in zip(order[-20:], misread_digits("cluttered")[-20:], strict=True) for position in pair
    ]
    for seed in range(5):
        found = first_misread(positions, "cluttered", LookRequest(first="random", seed=seed), Arrangement())
        expected = next((position for position in positions if is_misread(position, seed)), None)
        assert found == expected
    assert first_misread([], "cluttered", LookRequest(), Arrangement()) is None
