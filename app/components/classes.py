"""A button a class, to say what a drawing is; the digit keys do the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.components import component

_mount = component("classes", html='<div class="classes" role="group" hidden></div>')


def class_buttons(
    names: Sequence[str],
    counts: Sequence[int],
    *,
    label: str,
    pad: str,
    heard: int,
    key: str,
    on_press: Callable[[], None],
) -> Any:
    """Shows each class's name and how many it has.

    A press takes the drawing from the canvas with the key `pad`, which is empty then, and calls `on_press` with
    `presses` in the state: each with its `number`, its class as `label`, and the `drawing` as the canvas reports it.
    Presses are repeated until `heard` is their number. None is lost, however fast they come.
    """
    return _mount(
        data={"names": list(names), "counts": list(counts), "label": label, "pad": pad, "heard": heard},
        key=key,
        on_presses_change=on_press,
    )
