"""A click that Streamlit delivers more than once."""

import pytest

from app.session.click_once import once


def test_callback_runs_once_for_each_time_its_button_is_drawn() -> None:
    started: list[str] = []
    click = once(started.append, "run")
    click()
    click()
    assert started == ["run"]
    once(started.append, "another")()
    assert started == ["run", "another"]


def test_error_does_not_make_it_run_again() -> None:
    tries = []

    def fail() -> None:
        tries.append(1)
        raise RuntimeError

    click = once(fail)
    with pytest.raises(RuntimeError):
        click()
    click()
    assert tries == [1]
