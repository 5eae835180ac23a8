"""One click runs its callback once, which Streamlit does not guarantee.

Streamlit's browser side keeps a click until the message that reruns the page has left, and a fragment that refreshes
itself meanwhile sends the click, too. The button's callback would then run for each of these messages: on a busy
machine, one click in thirty started two or three runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.session import widgets


def once(callback: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """An `on_click` for a button outside fragments.

    It ignores messages from fragments, because the click's own message reruns the whole page, and it calls back only
    once until the button is drawn anew: a double click is one click.
    """
    done = False

    def run() -> None:
        nonlocal done
        if not done and not widgets.comes_from_a_fragment():
            done = True
            callback(*arguments)

    return run
