"""The My drawings page, run by Streamlit without a browser."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from app.components.gallery import SHEET_COLUMNS, sheet_url
from app.look.light import DARK_FIELD
from ram.data.collection import DIGIT_NAMES, Collection, collection_bytes
from ram.data.mnist import Digits

SEVEN = [(70, 70), (210, 70), (130, 230)]
BAR = [(40, 140), (240, 140)]
BLANK = {"drawing": {"raw": {"objects": []}, "data": sheet_url(np.zeros((1, 280, 280), np.uint8))}}


def _page() -> None:
    """The page, with buttons for what AppTest cannot do: press in a component, upload a file."""
    import streamlit as st

    from app.session import address, drawings
    from app.views import my_drawings

    address.read()
    for label in range(10):
        st.button(f"press {label}", key=f"press {label}", on_click=lambda: drawings.keep(st.session_state.presses))
    st.button("choose", key="choose", on_click=lambda: drawings.choose(st.session_state.choice))
    st.button("add", key="add", on_click=lambda: drawings.add_file(st.session_state.content))
    my_drawings.show()
    address.write("drawings")


def _other_page() -> None:
    """Another page, opened first."""
    import streamlit as st

    from app.session import address, drawings

    address.read()
    st.button("ask", key="ask")
    if st.session_state.ask:
        st.text(str(drawings.current_collection().counts))
    address.write("model")


def open_page(**address: str) -> AppTest:
    """The page as a new session at this address sees it."""
    page = AppTest.from_function(_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def draw(page: AppTest, *lines: list[tuple[int, int]]) -> None:
    """Draws lines on the empty canvas."""
    image = Image.new("RGB", (280, 280), DARK_FIELD)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill="#ffffff", width=20, joint="curve")
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    url = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
    strokes = [{"type": "Path", "path": line} for line in lines]
    page.session_state["label_canvas"] = {"drawing": {"raw": {"objects": strokes}, "data": url}}
    click(page)


def press(page: AppTest, label: int) -> None:
    """Takes the drawing from the canvas and says what it is, as the browser does."""
    canvas, before = page.session_state.get("label_canvas"), page.session_state.get("presses", [])
    this = {"number": len(before) + 1, "label": label, **(canvas or BLANK)}
    page.session_state["presses"] = [*before, this]
    page.session_state["label_canvas"] = BLANK
    click(page, f"press {label}")


def click(page: AppTest, *keys: str) -> None:
    """Presses these buttons, one after the other."""
    for key in keys:
        page.button(key=key).click()
        page.run()
        assert not page.exception
    if not keys:
        page.run()
        assert not page.exception


def keep(page: AppTest, label: int, *lines: list[tuple[int, int]]) -> None:
    """Draws and keeps."""
    draw(page, *lines)
    press(page, label)


def collection(page: AppTest) -> Collection:
    kept = page.session_state["drawings"].collection
    assert isinstance(kept, Collection)
    return kept


def texts(page: AppTest) -> str:
    """All that the page says."""
    kinds = (page.text, page.markdown, page.caption, page.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def component(page: AppTest, key: str) -> dict[str, Any]:
    """What a component was given."""
    found = next(element for element in page.get("bidi_component") if element.key == key)
    data: dict[str, Any] = json.loads(found.proto.json)
    return data


def file(*labels: int, classes: tuple[str, ...] = DIGIT_NAMES) -> bytes:
    """A file with drawings of these classes, each another one."""
    images = torch.full((len(labels), 28, 28), 7, dtype=torch.uint8)
    images[:, 0, 0] = torch.arange(len(labels)) % 256
    images[:, 0, 1] = torch.arange(len(labels)) // 256
    return collection_bytes(Collection(Digits(images, torch.tensor(labels)), classes))


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
    assert page.session_state["label_canvas_order"]["objects"] == [{"type": "Path", "path": SEVEN}]
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


def test_all_drawings_and_names_are_removed_and_brought_back() -> None:
    page = open_page()
    page.text_input(key="class_name_2").set_value("cat").run()
    keep(page, 2, SEVEN)
    click(page, "remove_all")
    assert collection(page).counts == (0,) * 10
    assert collection(page).classes == DIGIT_NAMES
    assert "drawings" not in page.query_params
    click(page, "take_back")
    assert collection(page).classes[2] == "cat"
    assert page.text_input(key="class_name_2").value == "cat"


def test_drawings_come_back_by_their_address() -> None:
    page = open_page()
    page.text_input(key="class_name_7").set_value("*hook*").run()
    keep(page, 7, SEVEN)
    again = open_page(drawings="".join(page.query_params["drawings"]))
    assert collection(again).digits.images.equal(collection(page).digits.images)
    assert collection(again).classes[7] == "*hook*"


def test_link_is_not_changed_by_what_is_drawn_later() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    link = "".join(page.query_params["drawings"])
    keep(page, 1, BAR)
    assert collection(open_page(drawings=link)).digits.labels.tolist() == [7]


def test_unknown_name_in_the_address_is_forgotten() -> None:
    page = open_page(drawings="gone")
    assert collection(page).counts == (0,) * 10
    assert "drawings" not in page.query_params


def test_drawings_are_found_from_another_page_too() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    other = AppTest.from_function(_other_page, default_timeout=60)
    other.query_params["drawings"] = "".join(page.query_params["drawings"])
    other.run()
    assert other.query_params["drawings"] == page.query_params["drawings"]
    click(other, "ask")
    assert other.text[0].value == "(0, 0, 0, 0, 0, 0, 0, 1, 0, 0)"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Class 3 has no name"), ("  ", "Class 3 has no name"), ("7", "classes 3 and 7 are both named “7”")],
)
def test_impossible_name_gets_a_sentence_and_changes_nothing(name: str, sentence: str) -> None:
    page = open_page()
    page.text_input(key="class_name_3").set_value(name).run()
    assert not page.exception
    assert sentence in page.warning[0].value.replace("\\", "")
    assert collection(page).classes == DIGIT_NAMES
    assert page.text_input(key="class_name_3").value == name


def test_two_names_can_be_exchanged() -> None:
    page = open_page()
    page.text_input(key="class_name_3").set_value("4").run()
    page.text_input(key="class_name_4").set_value("3").run()
    assert not page.warning
    assert collection(page).classes[3:5] == ("4", "3")


def test_file_is_added_once() -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    page.session_state["content"] = file(1, 2, 2)
    click(page, "add")
    assert "Added 3 drawings from the file." in texts(page)
    click(page, "add")
    assert "All drawings of this file are here already." in texts(page)
    assert collection(page).digits.labels.tolist() == [7, 1, 2, 2]


def test_file_with_own_symbols_brings_its_names_to_an_empty_set() -> None:
    names = ("cat", *DIGIT_NAMES[1:])
    page = open_page()
    page.session_state["content"] = file(0, classes=names)
    click(page, "add")
    assert component(page, "class_buttons")["names"][0] == "cat"
    assert page.text_input(key="class_name_0").value == "cat"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"nonsense", "This file is no file of drawings"),
        (file(0, classes=("cat", *DIGIT_NAMES[1:])), "other classes than yours"),
        (file(*[1] * 1000), "That would be 1,001 drawings"),
    ],
)
def test_unusable_file_gets_one_sentence_and_changes_nothing(content: bytes, sentence: str) -> None:
    page = open_page()
    keep(page, 7, SEVEN)
    page.session_state["content"] = content
    click(page, "add")
    assert [warning.value.replace("\\", "").count(sentence) for warning in page.warning] == [1]
    assert collection(page).digits.labels.tolist() == [7]


def test_full_set_gives_the_drawing_back() -> None:
    page = open_page()
    page.session_state["content"] = file(*[1] * 1000)
    click(page, "add")
    keep(page, 7, SEVEN)
    assert "at most 1,000 can be kept" in texts(page).replace("\\", "")
    assert page.session_state["label_canvas_order"]["objects"] == [{"type": "Path", "path": SEVEN}]


def test_drawing_that_is_too_long_is_taken_back_with_a_sentence() -> None:
    page = open_page()
    draw(page, SEVEN)
    draw(page, SEVEN, [(100, 100)] * 20_000)
    assert "too long to be kept" in texts(page)
    assert page.session_state["label_canvas_order"] == {"objects": [{"type": "Path", "path": SEVEN}], "number": 1}
    keep(page, 7, SEVEN)
    assert collection(page).digits.labels.tolist() == [7]


def test_sheet_of_images_has_rows() -> None:
    images = np.arange(SHEET_COLUMNS + 2, dtype=np.uint8)[:, None, None].repeat(3, 1).repeat(2, 2)
    with Image.open(io.BytesIO(base64.b64decode(sheet_url(images).split(",")[1]))) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (6, 2 * SHEET_COLUMNS)
    assert pixels[0, ::2].tolist() == [*range(SHEET_COLUMNS)]
    assert pixels[5, :6].tolist() == [SHEET_COLUMNS] * 2 + [SHEET_COLUMNS + 1] * 2 + [0, 0]
