"""The page's own components: Python sides here, what runs in the browser in `browser/`, without a build step.

`pyproject.toml` names the components and that folder: Streamlit hands out its files, and a browser loads each once.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_BROWSER = Path(__file__).with_name("browser")
# Where Streamlit serves them, below the page's own address. It is one component's for all of them, so that a module
# which two of them import is loaded once, and they can meet in it.
_ADDRESS = "_stcore/bidi-components/app.pad/{file}"

# Streamlit would put a script element into the page for a file, and wait for it, at each change of the data (1.67):
# with this a drawing is on screen some 30 ms earlier. From the page's own folder, as Streamlit's scripts.
_LOADER = """
const module = await import(new URL("{address}", document.baseURI));
const decoder = new TextDecoder();
export default (component) => module.default({{ ...component, data: JSON.parse(decoder.decode(component.data)) }});
"""


def scripts(name: str) -> list[str]:
    """Addresses of a component's script and of all modules that this imports, for a page that fetches them early."""
    files, new = {f"{name}.js"}, {f"{name}.js"}
    while new:
        found = {
            other
            for file in new
            for other in re.findall(r'from "\./(.+)"', (_BROWSER / file).read_text(encoding="utf-8"))
        }
        new = found - files
        files |= new
    return [_ADDRESS.format(file=file) for file in sorted(files)]


def as_bytes(data: Any) -> bytes:
    """What a component is given, as it travels to the browser: JSON."""
    return json.dumps(data, separators=(",", ":")).encode()


def component(name: str, *, html: str | None = None, isolate_styles: bool = True) -> Callable[..., Any]:
    """The component whose script and style are `browser/<name>.js` and `.css`, to be called to show it.

    Args:
        name: as in `pyproject.toml`.
        html: what it consists of; by default what `browser/<name>.html` says. Its outermost element should be
            `hidden`: a style sheet that gives it a `display` uncovers it, so that nobody sees it without its style.
        isolate_styles: whether it gets a shadow root of its own.
    """
    content = (_BROWSER / f"{name}.html").read_text(encoding="utf-8") if html is None else html

    # Streamlit learns where the files are when a server starts, and not at all outside of one: hence not before the
    # first use. Only then, since registering again would restart every such component on the page.
    @functools.cache
    def registered() -> Callable[..., Any]:
        return st.components.v2.component(
            f"app.{name}",
            html=content,
            css=f"{name}.css",
            js=_LOADER.format(address=_ADDRESS.format(file=f"{name}.js")),
            isolate_styles=isolate_styles,
        )

    def shown(*, data: Any, **options: Any) -> Any:
        # As bytes: Streamlit would write anything else as JSON a second time, to hash it.
        return registered()(data=as_bytes(data), **options)

    return shown
