"""The animated glimpse viewer: one look, played in the browser without a round trip per frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from app.components import component
from app.components.gets import ModelInput
from app.figures.palette import OUTCOME_COLORS, step_colors
from app.look.elsewhere import Elsewhere, Looks
from app.look.force import parse_force
from app.look.light import LIGHT
from app.look.scene import Scene

_mount = component("viewer")


class ViewerOptions(NamedTuple):
    """What is switched on in the viewer when it is opened."""

    speed: float
    """Of the playback, 1 is normal."""
    only_seen: bool
    """Whether the parts not yet seen are dark."""
    play: bool
    """Whether a new scene plays by itself."""
    elsewhere: str
    """By what the map of all places is coloured: "probability", "right" or "value"; "no" without a map."""
    policy: str
    """Whether the location policy is shown: "no", "yes", or "looks" for several looks of it."""
    inside: str
    """Whether what goes on inside is drawn beneath this viewer: "no" or "yes"; empty where it cannot be."""


class ViewerCalls(NamedTuple):
    """What is called when somebody does something in the viewer; what it was is in the component's state."""

    on_option: Callable[[], None]
    """One of the `ViewerOptions` was changed; the state has it."""
    on_move: Callable[[], None]
    """A glimpse was made to look elsewhere: `move` {glimpse, x, y, number}."""
    on_undo: Callable[[], None]
    """The last move is to be taken back."""
    on_own_way: Callable[[], None]
    """The model is to look where it likes again."""
    on_ask: Callable[[], None]
    """What would have come out if it had looked elsewhere? `ask` {glimpse, by}."""


def glimpse_viewer(
    scene: Scene | None,
    *,
    gets: ModelInput | None,
    is_covered: bool,
    prompt: str,
    example: Scene | None,
    key: str,
    options: ViewerOptions,
    move: int,
    can_undo: bool,
    elsewhere: Elsewhere | None,
    looks: Looks | None,
    calls: ViewerCalls,
) -> Any:
    """Shows a scene; a scene that differs from the last one starts to play, an equal one goes on.

    Args:
        scene: what to show; None for the empty stage.
        gets: what the model gets, for the `model_input` that follows this viewer.
        is_covered: whether nobody is to see what the model makes of a drawing: there is no scene then.
        prompt: what the empty stage says.
        example: what the empty stage plays until somebody does anything; None for nothing.
        key: identifies the viewer on the page; the component's state is `st.session_state[key]`.
        options: what is switched on at first.
        move: the number of the move that the scene shows; a scene that the viewer's own last move led to stays there.
        can_undo: whether a move can be taken back.
        elsewhere: what was found out about the glimpse of the last question.
        looks: several looks of the sampled gaze.
        calls: what to call.
    """
    data = {
        "name": key,
        "scene": None if scene is None else scene_data(scene),
        "gets": None if gets is None else {**gets._asdict(), "image": None if scene else _grey(gets.image)},
        "covered": is_covered,
        "prompt": prompt,
        "example": None if example is None else scene_data(example),
        **options._asdict(),
        "move": move,
        "can_undo": can_undo,
        "map": None if elsewhere is None else elsewhere_data(elsewhere),
        "looks": None if looks is None else _looks_data(looks),
        "light": LIGHT._asdict(),
    }
    changes = {f"{name}_change": call for name, call in calls._asdict().items() if name != "on_option"}
    return _mount(data=data, key=key, **changes, **{f"on_{name}_change": calls.on_option for name in options._fields})


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
        "axis": scene.words.beside_probabilities,
        "expects": scene.words.expected,
        "whole": scene.words.whole,
        "value_name": scene.words.value,
        "explains": scene.words.sentence,
        "probabilities": scene.class_probs.tolist(),
        "classes": list(scene.class_names),
        "colors": step_colors(scene.steps),
        "answer": scene.answer,
        "sure": scene.is_sure,
        "asked": scene.asked_class,
        "truth": scene.truth,
        "policy_std": scene.policy_std,
        "forced": list(scene.forced),
        "missing": [number for number in parse_force(str(scene.settings.get("force", ""))) if number > scene.steps],
        "flip": scene.flip,
        "own": None if scene.own is None else _own_data(scene.own),
    }
    return {"id": scene.identity, **content}


def _own_data(own: Scene) -> dict[str, Any]:
    return {
        "locations": own.locations.tolist(),
        "values": own.values.tolist(),
        "probabilities": own.class_probs.tolist(),
        "answer": own.answer,
    }


def elsewhere_data(found: Elsewhere) -> dict[str, Any]:
    """What the browser needs of a map; probabilities and values in ten thousandths, which are short as text."""
    whole = [np.rint(10_000 * numbers).astype(int) for numbers in (found.outcomes.probs, found.outcomes.values)]
    return {
        "glimpse": found.glimpse,
        "asked": found.asked,
        "places": np.round(found.places, 4).tolist(),
        "sides": np.round(found.sides, 4).tolist(),
        "probabilities": whole[0].tolist(),
        "answers": found.outcomes.answers.tolist(),
        "values": whole[1].tolist(),
        "choice": list(found.choice),
        "own": {
            "probability": float(found.own.probs[0]),
            "answer": int(found.own.answers[0]),
            "value": float(found.own.values[0]),
        },
        "better": {"probability": found.better_than("probs"), "value": found.better_than("values")},
        "colors": OUTCOME_COLORS,
    }


def _looks_data(looks: Looks) -> dict[str, Any]:
    return {"locations": looks.locations.tolist(), "answers": looks.answers.tolist()}


def _grey(levels: np.ndarray) -> Any:
    return np.rint(levels * 255).astype(int).tolist()
