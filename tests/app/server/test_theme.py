"""What a run tells the browser of the theme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from app.server.theme import fill_in, forget

SET = {"theme.baseFontSize": 17, "theme.light.primaryColor": "#123456", "theme.dark.baseRadius": "3px"}
SECTIONS = ["theme", *(f"theme.{category.value}" for category in config.CustomThemeCategories)]


@pytest.fixture
def settings() -> Iterator[None]:
    before = {key: config.get_option(key) for key in SET}
    forget()
    for key, value in SET.items():
        config.set_option(key, value)
    yield
    for key, value in before.items():
        config.set_option(key, value)
    forget()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("section", SECTIONS)
def test_theme_is_told_as_streamlit_would_tell_it(section: str) -> None:
    theirs, first, second = CustomThemeConfig(), CustomThemeConfig(), CustomThemeConfig()
    app_session._populate_theme_msg(theirs.light, section)
    fill_in(first.light, section)
    fill_in(second.light, section)
    assert first == second == theirs
    is_set = any(key.rpartition(".")[0] == section for key in SET)
    assert first.HasField("light") == theirs.HasField("light") == is_set
