"""How far a chart's axis reaches, so that it shows what matters and seldom moves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# The axis of accuracy begins at one of these (percent, with the distance of its grid lines): it moves seldom, and
# then far enough to be noticed.
_ACCURACY_FLOORS = {95: 1, 90: 2, 80: 5, 50: 10, 0: 25}


class Scale(NamedTuple):
    """The ends of an axis, and the distance of its grid lines."""

    low: float
    high: float
    step: float


def accuracy_scale(curves: Iterable[npt.NDArray[np.float64]]) -> Scale:
    """From a round number below the last three quarters of the readings to 100 percent.

    From 0 to 100 all that matters after the first minute would lie in the uppermost pixels. So the whole
    curve is shown while it has few readings, and later it comes in from below the axis.
    """
    lowest = min((float(_without_start(curve).min()) for curve in curves), default=0.0)
    floor = next((floor for floor in _ACCURACY_FLOORS if floor <= lowest), 0)
    return with_headroom(Scale(floor, 100, _ACCURACY_FLOORS[floor]))


def _without_start(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values[len(values) // 4 :] if len(values) >= 8 else values


def with_headroom(scale: Scale) -> Scale:
    """A little more at both ends, or the plot's edge would cut a curve at its limit in half."""
    room = 0.05 * (scale.high - scale.low)
    return Scale(scale.low - room, scale.high + room, scale.step)


def round_scale(low: float, high: float) -> Scale:
    """Between multiples of a round step, so that the axis stands still while the extremes creep."""
    least = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least)
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, step)
