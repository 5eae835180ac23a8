"""The page's settings in its URL: read once when a session begins, written after every run.

There is one writer, the server. (Widgets that write their own part of the URL and `st.query_params`
race: each sends the whole query as it knew it, and a setting just made gets lost.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from app.server import resources

DIGIT_KINDS = ["any", *"0123456789", "hardest"]
BRUSHES = [12, 16, 20, 24, 28]  # pixels of a canvas on which the digit fills an image of 28x28
LARGEST_SEED = 999_999
LONGEST_TEXT = 500  # characters


class Setting(NamedTuple):
    """A setting: the key of its widget, if it has one, in `st.session_state` and its name in the URL."""

    default: Any
    parse: Callable[[str], Any]
    """From the URL's text; raises ValueError if it is not possible."""
    page: str | None = None
    """The only page in whose URL it stands; None for every page's."""


def _one_of(*choices: Any) -> Callable[[str], Any]:
    by_text = {f"{choice}": choice for choice in choices}

    def parse(text: str) -> Any:
        if text not in by_text:
            raise ValueError(text)
        return by_text[text]

    return parse


def _between(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError(text)
    return text


def _settings() -> dict[str, Setting]:
    models: list[str | None] = [*resources.model_names()] or [None]
    return {
        "model": Setting(models[0], _one_of(*models)),
        "first": Setting("random", _one_of("random", "centre", "place")),
        "x": Setting(0.0, _between(float, -1, 1)),
        "y": Setting(0.0, _between(float, -1, 1)),
        "gaze": Setting("mean", _one_of("mean", "sampled")),
        "seed": Setting(0, _between(int, 0, LARGEST_SEED)),
        "clutter": Setting("trained", _one_of("trained", "yes", "no")),
        "pieces": Setting(0, _between(int, 0, LARGEST_SEED)),
        "spot": Setting(0, _between(int, 0, LARGEST_SEED)),
        "compare": Setting("no", _one_of("no", "yes")),
        "device": Setting("auto", _one_of(*resources.device_names())),
        "brush": Setting(20, _one_of(*BRUSHES)),
        "digits": Setting("any", _one_of(*DIGIT_KINDS)),
        "speed": Setting(1, _one_of(0.25, 0.5, 1, 2, 4)),
        "seen": Setting("all", _one_of("all", "only")),
        "preset": Setting("one-minute", _text, "train"),
        "recipe": Setting("", _text, "train"),
        "start": Setting("", _one_of("", *models), "train"),
        "with_drawings": Setting("no", _one_of("no", "yes"), "train"),
        "run": Setting("", _text, "train"),
        "against": Setting("", _text, "train"),
    }


def read() -> None:
    """Gives every setting its value before the widgets are made.

    A new session takes them from the URL, ignoring nonsense. Later, whatever a page switch made
    Streamlit forget comes back as it was.
    """
    state = st.session_state
    known = state.get("settings", {})
    # Whichever page is opened first, these must not get lost before somebody asks for them.
    state.setdefault("drawings_name", st.query_params.get("drawings", ""))
    if "address" not in state:
        asked = [(name, st.query_params[name]) for name in ("sample", "picture") if name in st.query_params]
        state.address = asked[0] if asked else None
    # Kept for `write`, which each drawing calls: the list of models is read from the disk.
    state.possible = _settings()
    for name, setting in state.possible.items():
        if name not in known:
            try:
                known[name] = setting.parse(st.query_params[name])
            except (KeyError, ValueError):
                known[name] = setting.default
        if name not in state:
            state[name] = known[name]
        if not _is_possible(setting, state[name]):
            # A run was deleted, perhaps in another tab: whoever looked with it goes on with the default.
            state[name] = known[name] = setting.default
    state.settings = known


def _is_possible(setting: Setting, value: Any) -> bool:
    try:
        setting.parse(f"{value}")
    except ValueError:
        return False
    return True


def write(page: str) -> None:
    """Puts all settings that are not the default, the picture and the own drawings into the URL of this page."""
    state = st.session_state
    state.settings = {name: state.get(name, value) for name, value in state.settings.items()}
    query = {
        name: f"{state.settings[name]:g}" if isinstance(setting.default, float) else f"{state.settings[name]}"
        for name, setting in state.possible.items()
        if state.settings[name] != setting.default and setting.page in (None, page)
    }
    if state.address:
        query[state.address[0]] = state.address[1]
    if state.drawings_name:
        query["drawings"] = state.drawings_name
    # The browser's query, as this run knows it, may be older than what was written last.
    if query != st.query_params.to_dict() or query != state.get("written"):
        st.query_params.from_dict(query)
        state.written = query
