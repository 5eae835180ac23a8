"""Where the user makes glimpses look, as the URL says it: `3:0.25,-0.40;5:0.10,0.00`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Place = tuple[float, float]
"""(x, y) in [-1, 1], (-1, -1) is the top-left corner."""

Force = dict[int, Place]
"""Places by the number of the glimpse, which counts from 1, as people do."""

MOST_GLIMPSES = 99


class Move(NamedTuple):
    """A glimpse that is made to look elsewhere."""

    glimpse: int
    """From 1."""
    place: Place
    number: int
    """What the browser calls this move."""


def read_move(message: object) -> Move | None:
    """A move as the viewer sends it; None for what no viewer sends."""
    match message:
        case {"glimpse": int(glimpse), "x": int() | float() as x, "y": int() | float() as y, "number": int(number)}:
            is_possible = 1 <= glimpse <= MOST_GLIMPSES and -1 <= x <= 1 and -1 <= y <= 1
            return Move(glimpse, (float(x), float(y)), number) if is_possible else None
    return None


def parse_force(text: str) -> Force:
    """The places that a text names, in the order of the glimpses.

    Raises:
        ValueError: it is not such a text, or names an impossible glimpse or place, or one glimpse twice.
    """
    force: Force = {}
    for part in filter(None, text.split(";")):
        number, _, place = part.partition(":")
        x, y = (float(coordinate) for coordinate in place.split(","))
        glimpse = int(number)
        if not (1 <= glimpse <= MOST_GLIMPSES and -1 <= x <= 1 and -1 <= y <= 1) or glimpse in force:
            raise ValueError(f"{part!r} is not a glimpse from 1 on with its x and y in [-1, 1], or is its second place")
        force[glimpse] = (x, y)
    return dict(sorted(force.items()))


def force_text(force: Mapping[int, Place]) -> str:
    """The same places as a text, to a hundredth; empty if there are none."""
    return ";".join(f"{glimpse}:{x:z.2f},{y:z.2f}" for glimpse, (x, y) in sorted(force.items()))


def moved(force: Mapping[int, Place], glimpse: int, place: Place) -> Force:
    """With this glimpse at a place; the later ones are the model's own again, for it goes on by itself from there."""
    return {number: where for number, where in sorted(force.items()) if number < glimpse} | {glimpse: place}
