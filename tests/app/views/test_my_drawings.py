"""The My drawings page, run by Streamlit without a browser."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.components.gallery import SHEET_COLUMNS, sheet_url
from ram.data.collection import DIGIT_NAMES
from tests.app.views.drawings_page import BAR, SEVEN, click, collection, component, draw, keep, open_page, press, texts
from tests.canvas import along


def test_new_session_finds_an_invitation_and_no_error() -> None:
    page = open_page()
    assert collection(page).counts == (0,) * 10
    assert "drawings" not in page.query_params
    assert any("Draw a digit and say what it is" in element.proto.body for element in page.get("html"))
    said = {"names": [*DIGIT_NAMES], "counts": [0] * 10, "label": "Keep it as", "pad": "label_canvas", "heard": 0}
    assert component(page, "class_buttons") == said


def test_kept_drawing_is_as_the_model_wants_it() -> None:
    page = open_page()
    draw(page, SEVEN)
    press(page, 7)
    kept = collection(page)
    assert kept.digits.labels.tolist() == [7]
    assert component(page, "class_buttons")["counts"] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    rows, columns = np.nonzero(kept.digits.images[0].numpy())
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20  # MNIST's box
    assert kept.digits.images.max() == 255
    assert "Kept as 7." in texts(page)
    assert component(page, "kept_7")["names"] == ["7, drawing 1 of 1"]


def test_press_is_heard_once_though_the_browser_repeats_it() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    click(page, "press 7", "press 7")
    assert collection(page).digits.labels.tolist() == [7]
    assert component(page, "class_buttons")["heard"] == 1


def test_presses_that_came_together_are_all_kept_with_what_was_drawn_for_each() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    first = page.session_state["presses"][0]["drawing"]
    draw(page, BAR)
    second = page.session_state["label_canvas"]["drawing"]
    presses = [(2, 1, second), (3, 7, first), (4, 4, second)]
    page.session_state["presses"] = [
        {"number": number, "label": label, "drawing": drawing} for number, label, drawing in presses
    ]
    click(page, "press 4")
    kept = collection(page).digits
    assert kept.labels.tolist() == [7, 1, 7, 4]
    assert kept.images[0].equal(kept.images[2])
    assert kept.images[1].equal(kept.images[3])


@pytest.mark.parametrize("label", [10, -1, 10**30, True, "7", None, [7]])
def test_press_without_a_class_keeps_nothing(label: Any) -> None:
    page = open_page()
    draw(page, SEVEN)
    page.session_state["presses"] = [{"number": 1, "label": label, **page.session_state["label_canvas"]}]
    click(page, "press 7")
    assert not page.exception
    assert collection(page).counts == (0,) * 10


def test_same_drawing_can_be_kept_again() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    keep(page, 7, SEVEN)
    assert collection(page).counts[7] == 2


def test_blank_canvas_gets_a_sentence() -> None:
    page = open_page()
    press(page, 3)
    assert collection(page).counts == (0,) * 10
    assert "Nothing is drawn yet" in texts(page)
    keep(page, 3, SEVEN)
    assert "Nothing is drawn yet" not in texts(page)


def test_taking_back_brings_the_drawing_to_the_canvas() -> None:
    page = open_page()
    draw(page, SEVEN)
    press(page, 1)
    click(page, "take_back")
    assert collection(page).counts == (0,) * 10
    assert page.session_state["label_canvas_order"]["objects"] == [along(SEVEN)]
    keep(page, 7, SEVEN)
    assert collection(page).digits.labels.tolist() == [7]


def test_every_fourth_is_marked_as_held_back() -> None:
    page = open_page()
    for _ in range(5):
        keep(page, 4, BAR)
    assert component(page, "kept_4")["marked"] == [False, False, False, True, False]
    assert component(page, "kept_4")["names"][3] == "4, drawing 4 of 5, held back"
    assert "5 drawings. Every fourth drawing of a class is held back for measuring: 1 so far" in texts(page)


def test_chosen_drawing_is_removed_and_brought_back() -> None:
    page = open_page()
    for label in (7, 1, 7):
        keep(page, label, SEVEN)
    page.session_state["choice"] = 1
    click(page, "choose")
    assert component(page, "kept_1")["chosen"] == 1
    click(page, "remove_chosen")
    assert collection(page).digits.labels.tolist() == [7, 7]
    assert "Removed a drawing of 1." in texts(page)
    click(page, "take_back")
    assert collection(page).digits.labels.tolist() == [7, 1, 7]


def test_choosing_twice_chooses_nothing() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    page.session_state["choice"] = 0
    click(page, "choose", "choose")
    assert component(page, "kept_7")["chosen"] is None


def test_drawing_that_is_too_long_is_taken_back_with_a_sentence() -> None:
    page = open_page()
    draw(page, SEVEN)
    draw(page, SEVEN, [(100, 100)] * 20_000)
    assert "too long to be kept" in texts(page)
    assert page.session_state["label_canvas_order"] == {"objects": [along(SEVEN)], "number": 1}
    keep(page, 7, SEVEN)
    assert collection(page).digits.labels.tolist() == [7]


def test_sheet_of_images_has_rows() -> None:
    images = np.arange(SHEET_COLUMNS + 2, dtype=np.uint8)[:, None, None].repeat(3, 1).repeat(2, 2)
    with Image.open(io.BytesIO(base64.b64decode(sheet_url(images).split(",")[1]))) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (6, 2 * SHEET_COLUMNS)
    assert pixels[0, ::2].tolist() == [*range(SHEET_COLUMNS)]
    assert pixels[5, :6].tolist() == [SHEET_COLUMNS] * 2 + [SHEET_COLUMNS + 1] * 2 + [0, 0]
