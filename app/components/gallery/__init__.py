"""A row of small digits to choose from."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

_FOLDER = Path(__file__).parent

_mount = st.components.v2.component(
    "digit_gallery",
    html='<div class="gallery" role="group"></div>',
    css=(_FOLDER / "gallery.css").read_text(),
    js=(_FOLDER / "gallery.js").read_text(),
)


def digit_gallery(
    images: npt.NDArray[np.uint8],
    *,
    keys: list[int],
    names: list[str],
    chosen: int | None,
    label: str,
    key: str,
    on_pick: Callable[[], None],
) -> Any:
    """Shows images (count, height, width); a click calls `on_pick` with its key as `pick` in the state."""
    return _mount(
        data={"strip": strip_url(images), "keys": keys, "names": names, "chosen": chosen, "label": label},
        key=key,
        on_pick_change=on_pick,
    )


def strip_url(images: npt.NDArray[np.uint8]) -> str:
    """All images side by side in one PNG, as a data URL."""
    stream = io.BytesIO()
    Image.fromarray(np.concatenate(list(images), axis=1)).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
