"""What a fragment that draws itself anew says of the page's other widgets."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from app.session import address

    context = get_script_run_ctx()
    assert context
    context.fragment_ids_this_run = st.session_state.fragments
    address.put_back("run")


@pytest.mark.parametrize(("fragments", "shown"), [(["queue"], "just started"), (None, "chosen")])
def test_list_keeps_the_run_that_the_server_gave_it_until_somebody_chooses(
    fragments: list[str] | None, shown: str
) -> None:
    app = AppTest.from_function(page)
    app.session_state["known_settings"] = {"run": "just started"}
    app.session_state["run"] = "chosen"
    app.session_state["fragments"] = fragments
    assert app.run().session_state["run"] == shown
