"""The page's own components: Python sides here, what runs in the browser in `browser/`, without a build step."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_BROWSER = Path(__file__).with_name("browser")

# Both of more than one line: Streamlit takes anything else for the name of a file. The addresses are relative to the
# page's own, as those of Streamlit's scripts: a proxy may have taken a path away.
_LOADER = """
const module = await import(new URL("{address}", document.baseURI));
const decoder = new TextDecoder();
export default (component) => module.default({{ ...component, data: JSON.parse(decoder.decode(component.data)) }});
"""
_STYLE = """/* {address} */
@import "{address}";
"""


@functools.cache
def folder() -> str:
    """Address of the folder with the components' files; another one as soon as any of them has changed."""
    content = b"".join(file.read_bytes() for file in sorted(_BROWSER.iterdir()))
    return f"parts/{hashlib.sha256(content).hexdigest()[:12]}"


def files() -> dict[str, Path]:
    """The files that browsers load, by their addresses."""
    return {address(file.name): file for file in _BROWSER.iterdir()}


def address(file: str) -> str:
    """Address of one of the files in `browser/`, from the page's own."""
    return f"{folder()}/{file}"


def scripts(name: str) -> list[str]:
    """Addresses of a component's script and of all modules that this imports, for a page that fetches them early."""
    return _with_imports(f"{name}.js", r'from "\./(.+)"')


def styles(name: str) -> list[str]:
    """Addresses of a component's style sheet and of all that this imports."""
    return _with_imports(f"{name}.css", r'@import "(.+)"')


def _with_imports(file: str, pattern: str) -> list[str]:
    files, new = {file}, {file}
    while new:
        found = {other for each in new for other in re.findall(pattern, (_BROWSER / each).read_text(encoding="utf-8"))}
        new = found - files
        files |= new
    return [address(each) for each in sorted(files)]


def as_bytes(data: Any) -> bytes:
    """What a component is given, as it travels to the browser: JSON."""
    return json.dumps(data, separators=(",", ":")).encode()


def component(name: str, *, html: str | None = None, isolate_styles: bool = True) -> Callable[..., Any]:
    """The component whose script and style are `browser/<name>.js` and `.css`, to be called to show it.

    Args:
        name: identifies the component.
        html: what it consists of; by default what `browser/<name>.html` says. Its outermost element should be
            `hidden`: a style sheet that gives it a `display` uncovers it, so that nobody sees it without its style.
        isolate_styles: whether it gets a shadow root of its own.
    """
    content = (_BROWSER / f"{name}.html").read_text(encoding="utf-8") if html is None else html

    # Streamlit keeps components by the server, which is not there before the first use. Only then, since registering
    # again would restart every such component on the page.
    @functools.cache
    def registered() -> Callable[..., Any]:
        return st.components.v2.component(
            f"app.{name}",
            html=content,
            css=_STYLE.format(address=address(f"{name}.css")),
            js=_LOADER.format(address=address(f"{name}.js")),
            isolate_styles=isolate_styles,
        )

    def shown(*, data: Any, **options: Any) -> Any:
        # As bytes: Streamlit would write anything else as JSON a second time, to hash it.
        return registered()(data=as_bytes(data), **options)

    return shown
