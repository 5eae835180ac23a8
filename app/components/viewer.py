"""The animated glimpse viewer: one look, played in the browser without a round trip per frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from app.components import component
from app.figures.palette import step_colors
from app.look.light import LIGHT
from app.look.scene import Scene

_mount = component("viewer")


def glimpse_viewer(
    scene: Scene | None,
    *,
    prompt: str,
    key: str,
    speed: float,
    only_seen: bool,
    on_place: Callable[[], None],
    on_option: Callable[[], None],
) -> Any:
    """Shows a scene; a scene that differs from the last one starts to play, an equal one goes on.

    Args:
        scene: what to show; None for the empty stage.
        prompt: what the empty stage says.
        key: identifies the viewer on the page; the component's state is `st.session_state[key]`.
        speed: initial speed of the playback, 1 is normal.
        only_seen: whether the parts not yet seen start dark.
        on_place: called when a place on the digit was clicked, with `place` {x, y} in the state.
        on_option: called when `speed` or `only_seen` in the state was changed.
    """
    return _mount(
        data={
            "scene": None if scene is None else scene_data(scene),
            "prompt": prompt,
            "speed": speed,
            "only_seen": only_seen,
            "light": LIGHT._asdict(),
        },
        key=key,
        on_place_change=on_place,
        on_speed_change=on_option,
        on_only_seen_change=on_option,
    )


def scene_data(scene: Scene) -> dict[str, Any]:
    """What the browser needs of a scene, as plain lists; grey levels are whole numbers from 0 to 255."""
    content = {
        "image": _grey(scene.image),
        "field": scene.field,
        "locations": scene.locations.tolist(),
        "means": scene.location_means.tolist(),
        "std": scene.location_std,
        "corners": scene.corners.tolist(),
        "windows": [scene.window_size(scale) for scale in range(scene.patches.shape[1])],
        "patches": _grey(scene.patches),
        "values": scene.values.tolist(),
        "expects": scene.words.expected,
        "explains": scene.words.sentence,
        "probabilities": scene.class_probs.tolist(),
        "classes": list(scene.class_names),
        "colors": step_colors(scene.steps),
        "answer": scene.answer,
        "sure": scene.is_sure,
    }
    identity = hashlib.sha256(repr((content, scene.model, scene.settings)).encode()).hexdigest()[:16]
    return {"id": identity, **content}


def _grey(levels: np.ndarray) -> Any:
    return np.rint(levels * 255).astype(int).tolist()
