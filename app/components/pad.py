"""The canvas to draw on, and its buttons. Who presses them, or how fast, is the browser's business alone."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.components import component

_mount = component("pad", html='<div class="pad canvas-root" hidden></div>')
_mount_tools = component("pad_tools")


@functools.cache
def engine() -> tuple[str, Path]:
    """Address and place of the module of streamlit-drawable-canvas, which does the drawing; its name has a hash."""
    files = importlib.metadata.files("streamlit-drawable-canvas") or []
    (module,) = (file for file in files if file.match("frontend/build/*.js"))
    return f"parts/{module.name}", Path(str(module.locate()))


def drawing_pad(
    *,
    key: str,
    order: dict[str, Any],
    heard: int,
    brush: int,
    side: int,
    ink: str,
    paper: str,
    on_cleared: Callable[[], None],
) -> Any:
    """Shows a canvas; its state's `drawing` has the strokes as `raw`, grey levels as `levels`, and a `number`.

    Args:
        key: identifies the canvas on the page.
        order: the strokes that it has to hold, as `objects`, with a `number`: only a new one is carried out.
        heard: the number of the last drawing that has come, 0 if none has: after a reload, the canvas still holds later
            ones.
        brush: width of the next strokes, in pixels.
        side: of the canvas, in pixels.
        ink: colour of the strokes.
        paper: colour of the canvas.
        on_cleared: called when its button Clear was pressed.
    """
    return _mount(
        data={
            **{"engine": engine()[0], "name": key, "label": "What you draw", "order": order, "heard": heard},
            **{"brush": brush, "side": side, "ink": ink, "paper": paper},
        },
        key=key,
        on_drawing_change=lambda: None,
        on_cleared_change=on_cleared,
    )


def pad_tools(pad: str, *, key: str) -> Any:
    """Shows the buttons Undo and Clear for the canvas with the key `pad`."""
    return _mount_tools(data={"pad": pad}, key=key, width="content")
