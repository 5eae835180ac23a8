"""What a click sets off, once.

Streamlit's browser side keeps a click for a moment, until the message that reruns the page leaves, and fragments that
refresh themselves meanwhile send it, too. Then the callback of the button would run for each of these messages: on a
busy machine, one click in thirty started two runs or three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx


def once(callback: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """An `on_click` for a button outside fragments.

    It waits for the click's own message, which reruns the whole page, and does nothing the second time, until the
    button is drawn anew: a double click is one click.
    """
    done = False

    def run() -> None:
        nonlocal done
        context = get_script_run_ctx()
        if not done and not (context and context.fragment_ids_this_run):
            done = True
            callback(*arguments)

    return run
