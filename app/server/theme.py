"""What each run of a page tells the browser of the theme, which does not change while the server runs."""

from __future__ import annotations

import functools

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

_read = app_session._populate_theme_msg


def read_theme_once() -> None:
    """Lets Streamlit read the theme from its options once, instead of for each run.

    It goes through all its options for each of six sections (1.67), which takes a quarter of a millisecond of each
    drawing.
    """
    app_session._populate_theme_msg = fill_in


def fill_in(msg: CustomThemeConfig, section: str = "theme") -> None:
    """Fills in a section of the theme; a message about one that says nothing stays absent."""
    if (known := _section(section)).ByteSize():
        msg.MergeFrom(known)


def forget() -> None:
    """Lets the theme be read again."""
    _section.cache_clear()


@functools.cache
def _section(section: str) -> CustomThemeConfig:
    message = CustomThemeConfig()
    _read(message, section)
    return message
