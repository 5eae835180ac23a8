"""The page's own components: each a folder with its Python side, its style and its script, without a build step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def register_viewer(name: str, folder: str) -> Callable[..., Any]:
    """Registers a component whose style and script come after those that all viewers share.

    To be called once, at import: registering again would restart every viewer on the page.
    """

    def text(path: str) -> str:
        return (_FOLDER / path).read_text()

    own = f"{folder}/{folder}"
    return st.components.v2.component(
        name,
        html=text(f"{own}.html"),
        css=text("shared.css") + text(f"{own}.css"),
        js=text("shared.js") + text(f"{own}.js"),
    )
