"""The canvas to draw on, and its buttons. Who presses them, or how fast, is the browser's business alone."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable
from typing import Any

from app.components import component

_mount = component("pad", html='<div class="pad canvas-root" hidden></div>')
_mount_tools = component("pad_tools")


@functools.cache
def engine() -> str:
    """Address of the module of streamlit-drawable-canvas, which does the drawing."""
    files = importlib.metadata.files("streamlit-drawable-canvas") or []
    (module,) = (file.name for file in files if file.match("frontend/build/*.js"))
    return f"_stcore/bidi-components/streamlit-drawable-canvas.streamlit_drawable_canvas/{module}"


def drawing_pad(
    *, key: str, order: dict[str, Any], brush: int, side: int, ink: str, paper: str, on_drawing: Callable[[], None]
) -> Any:
    """Shows a canvas; its state's `drawing` has the strokes as `raw` and the pixels, a PNG, as `data`.

    Args:
        key: identifies the canvas on the page.
        order: the strokes that it has to hold, as `objects`, with a `number`: only a new one is carried out.
        brush: width of the next strokes, in pixels.
        side: of the canvas, in pixels.
        ink: colour of the strokes.
        paper: colour of the canvas.
        on_drawing: called when something else is on the canvas.
    """
    return _mount(
        data={
            **{"engine": engine(), "name": key, "label": "What you draw", "order": order},
            **{"brush": brush, "side": side, "ink": ink, "paper": paper},
        },
        key=key,
        on_drawing_change=on_drawing,
    )


def pad_tools(pad: str, *, key: str, on_clear: Callable[[], None] = lambda: None) -> Any:
    """Shows the buttons Undo and Clear for the canvas with the key `pad`; Clear also calls `on_clear`."""
    return _mount_tools(data={"pad": pad}, key=key, width="content", on_clear_change=on_clear)
