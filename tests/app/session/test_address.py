"""Values that somebody has typed into the address."""

from __future__ import annotations

import ast

import pytest

from app.session.address import LINKS
from app.session.settings import in_address
from tests.app.views.test_pages import open_app, shown
from tests.app.views.train_page import train_page
from tests.servers import ROOT

IMPOSSIBLE = [
    *("9" * 4301, "0" * 4301, "-" + "9" * 4301, "1e999", "-inf", "nan", "²", "\u0667\u0667", "0x10", "1_000_000_0"),
    *("", " ", "\x00", "a\nb", "../../etc/passwd", "[x](javascript:alert(1))", "<b>", "{}", "x" * 100_000),
    *("seed:" + "9" * 400, "learning_rate:nan,epochs:inf", "core:" + "[" * 400, ":,:,:"),
    *("3:2,0", "3:0.5", "8:nan,0"),
]


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_impossible_value_of_any_setting_is_ignored(value: str) -> None:
    for page in (open_app(**dict.fromkeys(settings(), value)), train_page(**everything(value))):
        assert not page.exception
        assert not page.error


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_impossible_link_shows_nothing(value: str) -> None:
    for name in LINKS:
        page = open_app(**{name: value})
        assert not page.exception
        assert shown(page)["scene"] is None


def settings() -> list[str]:
    """The names that settings have in an address."""
    return [setting.name or key for key, setting in in_address().items()]


def everything(value: str) -> dict[str, str]:
    """This value for whatever an address may say."""
    return dict.fromkeys([*settings(), *LINKS], value)


def test_no_button_is_called_like_a_setting() -> None:
    """Streamlit refuses a button whose key already has a value."""
    calls = [
        call for path in (ROOT / "app").rglob("*.py") for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    keys = {
        word.value.value
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "").endswith(("button", "uploader"))
        for word in call.keywords
        if word.arg == "key" and isinstance(word.value, ast.Constant)
    }
    assert "move_digit" in keys
    assert keys.isdisjoint(in_address())
