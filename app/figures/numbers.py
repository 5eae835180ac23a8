"""A scene's numbers: as a table beside the charts, and as JSON to take away."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.look.scene import Scene

FORMAT = "glimpse-scene-1"

_FIELDS: Final = {
    "image": "(H, W), grey levels in [0, 1], 0 is paper",
    "locations": "(G, 2), (x, y) in [-1, 1], (-1, -1) is the top-left corner; the first is the initial location",
    "location_means": "(G, 2), the location policy's means, (x, y); for the first the location itself",
    "location_std": "standard deviation the locations were sampled with; 0 if they are the means",
    "corners": "(G, S, 2), (x, y) of each window's top-left pixel, negative beyond the border",
    "patches": "(G, S, glimpse_size, glimpse_size), grey levels in [0, 1], finest scale first",
    "values": "(G,), the value network's estimate, after each glimpse, of the reward at the end",
    "class_probs": "(G, C), class probabilities after each glimpse, in [0, 1]",
    "model": "name of the checkpoint",
    "settings": "what the look was asked to be; of a larger image also how many pieces of clutter there are, and the "
    "seeds that decide which `pieces` lie where, and on which `spot` the digit (0: where it was drawn); `force` says "
    "where glimpses were made to look, counted from 1",
    "classes": "names of the C classes; empty where these are their numbers",
    "reward": "what the values expect: hit is 1 for a right answer and 0 for a wrong one; information is the share of "
    "the information about the class that the answer has",
    "policy_std": "the location policy's own standard deviation, whether or not the locations were sampled",
    "truth": "the right class; null where it is not known",
    "forced": "indices of the glimpses, from 0, that were made to look elsewhere than the model would have",
    "own": "what the same look would have been of the model's own accord; null where nothing was forced",
    "is_digit": "whether the drawing is a digit at all, by the model's digit check; true where it has none",
    "action": "the most probable class after the last glimpse",
    "answer": "the action in words, with its probability in percent",
}

_SEEN = ("locations", "location_means", "corners", "patches", "values", "class_probs")


def scene_rows(scene: Scene) -> list[dict[str, str | int | float]]:
    """One row a glimpse, for `st.dataframe`; where glimpses were moved two: the model's own way, and then yours.

    Columns: `way` if there are two, `glimpse` (from 1), `x` and `y` (location in [-1, 1]), `value`, `best class`,
    `probability (%)` of that class, then `p(name)`, the probability of each class (0 to 1).
    """
    if (own := scene.own) is None:
        return [_row(scene, step) for step in range(scene.steps)]
    ways = (("its own", own), ("yours", scene))
    return [{"way": way, **_row(look, step)} for step in range(scene.steps) for way, look in ways]


def _row(scene: Scene, step: int) -> dict[str, str | int | float]:
    probs = [_shortest(prob) for prob in scene.class_probs[step]]
    best = int(scene.class_probs[step].argmax())
    x, y = scene.locations[step]
    row: dict[str, str | int | float] = {"glimpse": step + 1, "x": _shortest(x), "y": _shortest(y)}
    names = scene.class_names
    row |= {"value": _shortest(scene.values[step]), "best class": names[best], "probability (%)": 100 * probs[best]}
    return row | {f"p({name})": prob for name, prob in zip(names, probs, strict=True)}


def _shortest(number: np.float32) -> float:
    """The shortest decimal that means this float32: 0.1, not 0.10000000149011612."""
    return float(str(number))


def rollout_json(scene: Scene) -> bytes:
    """Every number of a scene as strictly valid JSON, in UTF-8; `fields` describes shapes and units.

    Raises:
        ValueError: a number is not finite.
    """
    content: dict[str, Any] = {"format": FORMAT, "fields": _FIELDS}
    for field in dataclasses.fields(scene):
        entry = getattr(scene, field.name)
        content[field.name] = _as_lists(field.name, entry) if isinstance(entry, np.ndarray) else entry
    content["own"] = None if scene.own is None else _own(scene.own)
    content |= {"action": scene.action, "answer": scene.answer}
    return json.dumps(content, allow_nan=False, ensure_ascii=False).encode()


def _own(own: Scene) -> dict[str, Any]:
    """What differs from the scene beside it."""
    arrays = {name: _as_lists(f"own {name}", getattr(own, name)) for name in _SEEN}
    return arrays | {"action": own.action, "answer": own.answer}


def _as_lists(name: str, array: npt.NDArray) -> list[Any]:
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds numbers that are not finite: JSON cannot carry them")
    if array.dtype.kind == "i":
        return array.tolist()
    # By way of text: the shortest decimals, as above, all at once.
    return array.astype(np.float32).astype(str).astype(float).tolist()
