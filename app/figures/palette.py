"""Colours with a meaning. Each step has one colour, the same in trail, patch frame, charts and table.

So has each quantity of a training run, the same in all of its curves.
"""

from __future__ import annotations

import functools

from app.figures.contrast import blend

# Equal steps in OKLCH from violet to amber, ever lighter: in order also without colour vision or in grey.
_STEP_ANCHORS = ("#6e56e7", "#b353d2", "#e558a7", "#fd7476", "#fd9a57", "#f8bd1d")

# As text they have a contrast of 3.8 or more on white and on #12141c, and stay apart without red, green or blue
# cones. Quantities that share a colour belong together or never share a chart.
_BLUE, _ORANGE, _MAUVE = "#2f7de1", "#d2600a", "#92668b"
CURVE_COLORS = {
    "validation_error": _BLUE,
    "training_error": _ORANGE,
    "drawings_error": _MAUVE,
    "reward": _BLUE,
    "value": _ORANGE,
    "action_loss": _BLUE,
    "value_loss": _ORANGE,
    "reinforce_loss": _MAUVE,
    "location_spread": _BLUE,
}

# Of what another look would have come to, from bad to good: ever lighter, apart from the steps' colours, and in order
# without colour vision, too.
OUTCOME_COLORS = ("#0b1026", "#172c5c", "#1d5286", "#247f98", "#4bb09c", "#a6dcb0", "#eaf8d0")


def step_colors(count: int) -> list[str]:
    """One colour a step, from the first glimpse to the last, as #rrggbb."""
    return [_interpolate(step / (count - 1) if count > 1 else 0.0) for step in range(count)]


@functools.lru_cache(maxsize=256)  # asked for at every drawing
def _interpolate(position: float) -> str:
    place = position * (len(_STEP_ANCHORS) - 1)
    lower = min(int(place), len(_STEP_ANCHORS) - 2)
    return blend(_STEP_ANCHORS[lower], _STEP_ANCHORS[lower + 1], place - lower)
