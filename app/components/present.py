"""The presentation: one look, revealed glimpse by glimpse over the whole window, while a class guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import component
from app.components.viewer import scene_data
from app.look.light import LIGHT
from app.look.scene import Scene
from app.session.settings import Present

_mount = component("present")


def presentation(
    scene: Scene | None,
    *,
    mode: Present,
    label: str,
    kind: str,
    key: str,
    on_mode: Callable[[], None],
    on_next: Callable[[], None],
) -> Any:
    """Shows the button that opens the presentation and, in the mode "yes", the presentation.

    Args:
        scene: what to reveal; only the mode "yes" sends it to the browser. Another scene starts unrevealed.
        mode: whether it fills the window, or is covered while somebody draws.
        label: the name of the right class; empty if nobody knows it.
        kind: which digits come next, one of `NEXT_KINDS`.
        key: identifies it on the page; the component's state is `st.session_state[key]`.
        on_mode: called when it was opened, left or covered, with the new `mode` in the state.
        on_next: called when another digit is wanted, with its kind as `next` in the state.
    """
    shown = scene if mode == "yes" else None
    return _mount(
        data={
            "mode": mode,
            "scene": None if shown is None else scene_data(shown),
            "label": label if shown is not None else "",
            "kind": kind,
            "light": LIGHT._asdict(),
        },
        key=key,
        on_mode_change=on_mode,
        on_next_change=on_next,
    )
