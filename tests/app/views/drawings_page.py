"""The My drawings page, run by Streamlit without a browser, for tests."""

from __future__ import annotations

import json
from typing import Any

import torch
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from app.look.light import DARK_FIELD
from ram.data.collection import DIGIT_NAMES, Collection, collection_bytes
from ram.data.mnist import Digits
from tests.canvas import along, canvas_report

SEVEN = [(70, 70), (210, 70), (130, 230)]
BAR = [(40, 140), (240, 140)]
BLANK = canvas_report([], Image.new("L", (280, 280)))


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
    strokes = [along(line) for line in lines]
    page.session_state["label_canvas"] = canvas_report(strokes, image)
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
    data: dict[str, Any] = json.loads(found.proto.bytes)
    return data


def file(*labels: int, classes: tuple[str, ...] = DIGIT_NAMES) -> bytes:
    """A file with drawings of these classes, each another one."""
    images = torch.full((len(labels), 28, 28), 7, dtype=torch.uint8)
    images[:, 0, 0] = torch.arange(len(labels)) % 256
    images[:, 0, 1] = torch.arange(len(labels)) // 256
    return collection_bytes(Collection(Digits(images, torch.tensor(labels)), classes))
