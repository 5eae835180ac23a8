"""Inside, run by Streamlit without a browser."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.inside import parts_of, quantised
from app.session.inside import Asked
from ram.checkpoints import SHIPPED, load_checkpoint, parameter_count
from tests.app.views.test_pages import draw_seven, open_app, shown

BUDGET = 25_000  # bytes a drawing


def components(app: AppTest) -> list[str]:
    return [str(element.key) for element in app.get("bidi_component")]


def inside_data(app: AppTest) -> dict[str, Any]:
    """What the browser was given."""
    panel = next(element for element in app.get("bidi_component") if element.key == "inside_panel")
    data: dict[str, Any] = json.loads(panel.proto.bytes)
    return data


def ask(app: AppTest, item: str, glimpse: int) -> None:
    """Chooses a number, as a click does."""
    app.session_state["inside_asked"] = Asked(glimpse, item)
    app.run()


def text_of(app: AppTest) -> str:
    return " ".join(str(element.proto) for kind in ("html", "markdown") for element in app.get(kind))


def test_nothing_is_sent_while_it_is_closed_or_nothing_was_drawn() -> None:
    app = open_app(inside="yes")
    assert "inside_panel" not in components(app)
    closed = open_app()
    draw_seven(closed)
    assert "inside_panel" not in components(closed)
    assert shown(closed)["inside"] == "no"


def test_it_shows_the_look_on_the_page_and_follows_the_next_one() -> None:
    app = open_app(inside="yes", sample="8", first="centre")
    first = inside_data(app)
    assert (shown(app)["name"], first["name"]) == ("viewer", "viewer")
    assert shown(app)["inside"] == "yes"
    assert first["means"] == pytest.approx(np.array(shown(app)["scene"]["means"]), abs=1e-5)
    assert first["parts"]["model"]["parameters"] == 209_421
    draw_seven(app)
    assert inside_data(app)["layers"]["hidden"]["cells"] != first["layers"]["hidden"]["cells"]
    assert not app.exception


@pytest.mark.parametrize("model", ["mnist", "mnist-lstm", "cluttered-100"])
def test_a_drawing_costs_little_while_it_is_open(model: str) -> None:
    app = open_app(inside="yes", sample="8", model=model)
    data = inside_data(app)
    assert len(json.dumps(data)) < BUDGET
    layer, glimpses = data["layers"]["hidden"], len(shown(app)["scene"]["values"])
    cells = np.frombuffer(base64.b64decode(layer["cells"]), np.int8).reshape(glimpses, layer["shown"])
    assert layer["shown"] == layer["units"] == 256
    assert np.abs(cells).max() == 127
    assert ("cell" in data["layers"]) == (model == "mnist-lstm")
    assert not app.exception


def test_a_byte_says_what_an_activation_is_up_to_half_a_part_of_127() -> None:
    layer = np.array([[0, 1e-6, -3.0], [2.0, -1e-6, 1.5]], np.float32)
    cells = quantised(layer)
    assert cells.tolist() == [[0, 1, -127], [85, -1, 64]]
    assert quantised(np.zeros((2, 2), np.float32)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("name", ["mnist", "mnist-lstm", "cluttered-100"])
def test_shapes_and_parameters_are_the_models_own(name: str) -> None:
    model = load_checkpoint(SHIPPED / f"{name}.safetensors", "cpu")
    parts = parts_of(model)
    each = [part["parameters"] for key, part in parts.items() if key != "model"]
    assert sum(each) == parts["model"]["parameters"] == parameter_count(model.config)
    if name == "mnist":
        assert [parts[key]["parameters"] for key in ("what", "where", "feature")] == [8_320, 384, 65_792]
        assert parts["what"]["does"] == "Linear(64, 128) → ReLU"
        assert [parts[key]["parameters"] for key in ("core", "location", "value", "action")] == [
            131_584,
            514,
            257,
            2570,
        ]


def test_chosen_number_is_explained_and_is_the_same_of_the_next_drawing() -> None:
    app = open_app(inside="yes", sample="8", first="centre")
    ask(app, "value", 6)
    data = inside_data(app)
    assert data["chosen"] == {"glimpse": 6, "item": "value"}
    assert data["said"].startswith("Value after glimpse 6. The value is 0.99")
    assert r"\mathbf{w} \cdot \mathbf{h}_{6} + b" in text_of(app).replace("\\\\", "\\")
    draw_seven(app)
    assert inside_data(app)["said"] != data["said"]
    app.button(key="inside_close").click().run()
    assert inside_data(app)["chosen"] is None
    assert not app.exception


@pytest.mark.parametrize(("item", "glimpse"), [("value", 99), ("class:77", 1), ("cell:3", 2), ("nonsense", 1)])
def test_number_that_this_look_does_not_have_is_not_explained(item: str, glimpse: int) -> None:
    app = open_app(inside="yes", sample="8")
    ask(app, item, glimpse)
    assert inside_data(app)["chosen"] is None
    assert not app.exception
    assert not app.error


def test_unit_has_its_story() -> None:
    app = open_app(inside="yes", sample="8", first="centre")
    ask(app, "hidden:102", 6)
    assert "What excites it most" in text_of(app)
    dead = inside_data(app)["layers"]["hidden"]["never"][0]
    ask(app, f"hidden:{dead}", 6)
    assert "A dead unit" in text_of(app)
    assert not app.exception
