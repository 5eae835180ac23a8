"""A button a class, to say what a drawing is; the digit keys do the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.components import component

_mount = component("classes", html='<div class="classes" role="group" hidden></div>')


def class_buttons(
    names: Sequence[str], counts: Sequence[int], *, label: str, key: str, on_press: Callable[[], None]
) -> Any:
    """Shows each class's name and how many it has; a press calls `on_press` with the class as `press` in the state.

    A press waits until the canvas has reported a stroke that ended just before: Streamlit's own buttons
    would be faster than the last stroke.
    """
    return _mount(
        data={"names": list(names), "counts": list(counts), "label": label},
        key=key,
        on_press_change=on_press,
    )
