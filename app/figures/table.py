"""A scene as a table: the numbers behind the charts."""

from __future__ import annotations

import numpy as np

from app.look.scene import Scene


def scene_rows(scene: Scene) -> list[dict[str, str | int | float]]:
    """One row a glimpse, for `st.dataframe`.

    Columns: `glimpse` (from 1), `x` and `y` (location in [-1, 1]), `value`, `best class`,
    `probability (%)` of that class, then `p(name)`, the probability of each class (0 to 1).
    """
    return [_row(scene, step) for step in range(scene.steps)]


def _row(scene: Scene, step: int) -> dict[str, str | int | float]:
    probs = [_plain(prob) for prob in scene.class_probs[step]]
    best = int(scene.class_probs[step].argmax())
    x, y = scene.locations[step]
    row: dict[str, str | int | float] = {"glimpse": step + 1, "x": _plain(x), "y": _plain(y)}
    names = scene.class_names
    row |= {"value": _plain(scene.values[step]), "best class": names[best], "probability (%)": 100 * probs[best]}
    return row | {f"p({name})": prob for name, prob in zip(names, probs, strict=True)}


def _plain(number: np.float32) -> float:
    """The shortest decimal that means this float32: 0.1, not 0.10000000149011612."""
    return float(str(number))
