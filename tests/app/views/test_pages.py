"""The pages, run by Streamlit without a browser."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from app.look.light import DARK_FIELD
from ram.checkpoints import SHIPPED
from tests.canvas import canvas_report, runs_of, stroke
from tests.servers import write_limits

MAIN = str(Path(__file__).parents[3] / "app" / "frame.py")
STROKES = [stroke([["M", 1, 1], ["L", 2, 2]])]


def open_app(**address: str) -> AppTest:
    """The app as a new session at this address sees it."""
    app = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def png(image: Image.Image, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind)
    return stream.getvalue()


def canvas_state(strokes: Any, *lines: list[tuple[int, int]]) -> dict[str, Any]:
    """What the canvas reports after these lines were drawn."""
    image = Image.new("RGB", (280, 280), DARK_FIELD)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill="#ffffff", width=20, joint="curve")
    return canvas_report(strokes, image)


def draw_seven(app: AppTest) -> None:
    """Draws a seven on the canvas."""
    app.session_state["canvas"] = canvas_state(STROKES, [(70, 70), (210, 70), (130, 230)])
    app.run()


def shown(app: AppTest) -> dict[str, Any]:
    """What the viewer was given."""
    viewer = next(element for element in app.get("bidi_component") if element.key == "viewer")
    data: dict[str, Any] = json.loads(viewer.proto.bytes)
    return data


def test_new_session_finds_an_invitation_and_no_error() -> None:
    app = open_app()
    assert not app.exception
    assert not app.error
    assert shown(app)["scene"] is None
    assert shown(app)["prompt"].startswith("Draw a digit")


def test_drawing_is_looked_at_at_once() -> None:
    app = open_app()
    draw_seven(app)
    scene = shown(app)["scene"]
    assert scene["answer"].startswith("RAM says 7 (")
    assert len(scene["locations"]) == len(scene["values"]) == len(scene["colors"]) == 6
    assert len(scene["patches"][0][0]) == 8


def test_an_x_among_pieces_of_digits_is_no_digit() -> None:
    app = open_app(model="cluttered-60", pieces="1")
    app.session_state["canvas"] = canvas_state(STROKES, [(20, 20), (140, 140)], [(140, 20), (20, 140)])
    app.run()
    # Among these pieces it looks like an eight, and the check would believe it if it did not see the drawing alone.
    assert shown(app)["scene"]["answer"] == "RAM doubts that this is a digit: perhaps 8"


def test_two_digits_are_not_read_as_one() -> None:
    app = open_app()
    one, seven = [(70, 70), (70, 210)], [(150, 70), (230, 70), (190, 210)]
    app.session_state["canvas"] = canvas_state(STROKES, one, seven)
    app.run()
    assert not app.exception
    assert shown(app)["scene"] is None
    assert shown(app)["prompt"].startswith("One digit, please")
    app.session_state["canvas"] = canvas_state([*STROKES, *STROKES], one)
    app.run()
    assert shown(app)["scene"]["answer"].startswith("RAM says 1 (")


def test_unrelated_rerun_gives_the_viewer_the_same_scene() -> None:
    app = open_app()
    draw_seven(app)
    before = shown(app)
    app.selectbox(key="digits").select("4").run()
    assert shown(app) == before


def test_look_again_takes_the_next_seed_and_another_first_glimpse() -> None:
    app = open_app(sample="17")
    before = shown(app)["scene"]
    next(button for button in app.button if button.label == "Look again").click().run()
    assert app.session_state["seed"] == 1
    assert shown(app)["scene"]["locations"][0] != before["locations"][0]


@pytest.mark.parametrize(
    ("address", "first"),
    [({"first": "centre"}, [0, 0]), ({"first": "place", "x": "-0.5", "y": "0.25"}, [-0.5, 0.25])],
)
def test_first_glimpse_falls_where_the_address_says(address: dict[str, str], first: list[float]) -> None:
    assert shown(open_app(sample="17", **address))["scene"]["locations"][0] == first


def test_same_address_gives_the_same_look() -> None:
    address = {"sample": "4", "gaze": "sampled", "seed": "5"}
    assert shown(open_app(**address)) == shown(open_app(**address))


@pytest.mark.parametrize(
    "address", [{"sample": "10000"}, {"sample": "-1"}, {"sample": "²"}, {"picture": "gone"}, {"model": "none"}]
)
def test_nonsense_in_the_address_is_ignored(address: dict[str, str]) -> None:
    app = open_app(**address, first="nowhere", gaze="?", seed="x", speed="9", x="7", device="abacus")
    assert not app.exception
    assert shown(app)["scene"] is None
    assert shown(app)["speed"] == 1


def test_drawing_comes_back_by_its_address() -> None:
    app = open_app()
    draw_seven(app)
    again = open_app(picture="".join(app.query_params["picture"]))
    assert shown(again)["scene"] == shown(app)["scene"]
    assert again.session_state["canvas_order"]["objects"] == STROKES


def test_painted_canvas_counts_as_blank_and_gets_a_sentence() -> None:
    app = open_app()
    draw_seven(app)
    app.session_state["canvas"] = canvas_state([*STROKES, *STROKES], *[[(0, y), (280, y)] for y in range(281)])
    app.run()
    assert not app.exception
    assert shown(app)["scene"] is None
    assert "Nothing stands out" in app.warning[0].value
    app.session_state["canvas"] = canvas_state([])
    app.run()
    assert not app.warning


def test_drawing_that_is_too_long_is_taken_back_with_a_sentence() -> None:
    app = open_app()
    draw_seven(app)
    before = shown(app)["scene"]
    scribble = stroke([["M", 100.5, 100.5], *[["Q", 100.5, 100.5, 101.5, 101.5]] * 8000])
    app.session_state["canvas"] = canvas_state([*STROKES, scribble], [(10, 10), (270, 270)])
    app.run()
    assert not app.exception
    assert "too long to be kept" in app.warning[0].value
    assert app.session_state["canvas_order"] == {"objects": STROKES, "number": 1}
    app.run()  # before the canvas has changed
    assert app.session_state["canvas_order"]["number"] == 1
    assert shown(app)["scene"] == before


@pytest.mark.parametrize(
    "strokes",
    [
        [{"type": "Image", "src": "https://example.org/x.png"}],
        [{"type": "Path", "strokeWidth": 20}],
        [stroke("M 1 2")],
        [stroke([])],
        [stroke([["L", 1, 2]])],
        [stroke([["M", 1, 2], ["Z", 1, 2]])],
        [stroke([["M", 1, 2], ["Q", 1, 2]])],
        [stroke([["M", 1, 2], [["L"], 1, 2]])],
        [stroke([["M", 1, float("nan")]])],
        [stroke([["M", 1, float("inf")]])],
        [stroke([["M", 1, 10**400]])],
        [stroke([["M", True, 2]])],
        [stroke([["M", 1, 2]], width=float("nan"))],
        [stroke([["M", 1, 2]], width=0)],
        [stroke([["M", 1, 2]], width="20")],
        [*STROKES, "stroke"],
        "strokes",
        {"M": 1},
        None,
    ],
)
def test_what_is_no_stroke_is_not_kept_for_others_to_open(strokes: Any) -> None:
    app = open_app()
    app.session_state["canvas"] = canvas_state(strokes, [(70, 70), (210, 70)])
    app.run()
    assert not app.exception
    assert shown(app)["scene"] is None
    assert "picture" not in app.query_params


@pytest.mark.parametrize(
    "levels",
    ["no runs", "ÿÿÿÿ", "", base64.b64encode(bytes([255])).decode(), runs_of(Image.new("L", (281, 280))), 7, None],
    ids=["no base64", "no ASCII", "nothing", "half a run", "too large", "number", "none"],
)
def test_what_is_no_picture_of_a_canvas_is_no_drawing(levels: Any) -> None:
    app = open_app()
    app.session_state["canvas"] = {"drawing": {"raw": {"objects": STROKES}, "levels": levels}}
    app.run()
    assert not app.exception
    assert shown(app)["scene"] is None


def test_dot_gets_an_answer_and_no_error() -> None:
    app = open_app()
    app.session_state["canvas"] = canvas_state(STROKES, [(140, 140), (141, 141)])
    app.run()
    assert not app.exception
    assert "RAM " in shown(app)["scene"]["answer"]


def test_table_has_a_row_a_glimpse() -> None:
    app = open_app(sample="17")
    assert not app.dataframe  # made when it is opened
    app.session_state["numbers"] = True
    table = app.run().dataframe[0].value
    assert list(table["glimpse"]) == [1, 2, 3, 4, 5, 6]
    assert table["best class"].iloc[-1] == "7"


def test_model_page_counts_the_parameters_of_the_specification() -> None:
    page = AppTest.from_function(_show_model_card, default_timeout=60).run()
    assert not page.exception
    assert [metric.value for metric in page.metric][:3] == ["209,421", "6", "8×8"]
    networks = next(element.proto.body for element in page.get("html") if "Architecture" in element.proto.body)
    assert "<span>128×64</span> <span>128</span> <span>128×2</span> <span>128</span> <span>256×256</span>" in networks
    # The last one is their sum.
    counts = re.findall(r"<td>([\d,]+)</td>", networks)
    assert counts == ["74,496", "131,584", "514", "257", "2,570", "209,421"]


def _show_model_card() -> None:
    from app.views import model_card

    model_card.show()


def test_damaged_checkpoint_gets_one_sentence(tmp_path: Path) -> None:
    content = (SHIPPED / "mnist.safetensors").read_bytes()
    (tmp_path / "mnist.safetensors").write_bytes(content[: len(content) // 2])
    write_limits(tmp_path, checkpoints=str(tmp_path))
    app = open_app(sample="17")
    assert not app.exception
    assert app.error[0].value.startswith("mnist.safetensors is not a safetensors file")
    shutil.copy(SHIPPED / "mnist.safetensors", tmp_path / "whole.safetensors")
    assert shown(open_app(sample="17", model="whole"))["scene"]["answer"].startswith("RAM says 7")


def test_missing_checkpoints_get_one_sentence(tmp_path: Path) -> None:
    write_limits(tmp_path, checkpoints=str(tmp_path))
    app = open_app()
    assert not app.exception
    assert [error.value for error in app.error] == ["There is no model: put a checkpoint into the folder checkpoints/."]


def test_table_below_the_charts_is_of_the_last_drawing() -> None:
    app = open_app(sample="17")
    app.session_state["numbers"] = True
    app.run()
    before = app.dataframe[0].value
    draw_seven(app)
    after = app.dataframe[0].value
    assert after["value"].tolist() == pytest.approx(shown(app)["scene"]["values"], abs=1e-6)
    assert after["value"].tolist() != before["value"].tolist()
    assert sum("download=" in str(element.proto) for element in app.get("html")) == 3
