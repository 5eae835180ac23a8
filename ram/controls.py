"""What a learned gaze is worth: errors of networks that were trained for another gaze, recorded in a file.

To send a network to places that it was not trained for shows how much it relies on its gaze, not what the gaze is
worth. A fair control is trained like the network itself, but for a fixed scan, or for random places.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from ram.checkpoints import SHIPPED, CheckpointInfo
from ram.evaluation import OverSeeds, is_number, over_seeds
from ram.presets import PRESETS

RECORD = SHIPPED / "controls.json"
FORMAT = "ram-controls-1"
GAZES = ("learned", "fixed", "random")
_FIELDS = ("preset", "how", "digits", "scan", "error_percent")


class Controls(NamedTuple):
    """Errors by gaze, in percent of digits held back; mean and standard deviation are over seeds of training."""

    preset: str
    """The recipe of all of these networks, shortened."""
    how: str
    """How they were trained and measured, in sentences."""
    digits: int
    """How many the errors were measured on."""
    places: int
    """Glimpses of the fixed scan."""
    errors: dict[str, OverSeeds]


def read_controls(path: Path = RECORD) -> Controls | None:
    """The record; None if there is none, or it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return _parse(found)


def controls_for(info: CheckpointInfo) -> Controls | None:
    """The record of networks like this one, of the same architecture and recipe; None if none were trained."""
    controls = read_controls()
    if controls is None or controls.preset != info.recipe.get("preset"):
        return None
    return controls if PRESETS[controls.preset].model == info.config else None


def _parse(found: Any) -> Controls | None:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return None
    preset, how, digits, scan, errors = (found.get(name) for name in _FIELDS)
    if preset not in list(PRESETS) or not isinstance(how, str) or type(digits) is not int or not isinstance(scan, list):
        return None
    if not isinstance(errors, dict) or set(errors) != set(GAZES) or not all(map(_are_percents, errors.values())):
        return None
    return Controls(preset, how, digits, len(scan), {gaze: over_seeds(errors[gaze]) for gaze in GAZES})


def _are_percents(found: object) -> bool:
    return isinstance(found, list) and bool(found) and all(is_number(one) and 0 <= one <= 100 for one in found)
