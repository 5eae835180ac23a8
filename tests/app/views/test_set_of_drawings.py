"""The set of own drawings on its page: its names, its files, and its way through the address."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ram.data.collection import DIGIT_NAMES
from tests.app.views.drawings_page import BAR, SEVEN, click, collection, component, file, keep, open_page, texts
from tests.canvas import along


def _other_page() -> None:
    """Another page, opened first."""
    import streamlit as st

    from app.session import address, drawings

    address.read()
    st.button("ask", key="ask")
    if st.session_state.ask:
        st.text(str(drawings.current_collection().counts))
    address.write("model")


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
    assert page.session_state["label_canvas_order"]["objects"] == [along(SEVEN)]
