"""One click runs its callback once, which Streamlit does not guarantee.

Streamlit's browser side keeps a click until the message that reruns the page has left, and a fragment that refreshes
itself meanwhile sends the click, too. The button's callback would then run for each of these messages: on a busy
machine, one click in thirty started two or three runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx


def once(callback: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """An `on_click` for a button outside fragments.

    It ignores messages from fragments, because the click's own message reruns the whole page, and it calls back only
    once until the button is drawn anew: a double click is one click.
    """
    done = False

    def run() -> None:
        nonlocal done
        context = get_script_run_ctx()
        if not done and not (context and context.fragment_ids_this_run):
            done = True
            callback(*arguments)

    return run
