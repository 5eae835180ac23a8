"""The picture that a model is to look at: one digit, and where it came from."""

from __future__ import annotations

import dataclasses

from app.look.scene import Floats

DRAWING = "your drawing"
UPLOAD = "your image"


@dataclasses.dataclass(frozen=True)
class Picture:
    """A digit in MNIST's form, and where it lay."""

    image: Floats
    """(28, 28), grey levels in [0, 1], 0 is paper."""
    origin: str
    """Where it came from, in words."""
    place: tuple[float, float] | None = None
    """(x, y) of the ink's centre of mass on the canvas or in the upload, from (0, 0), the top-left corner, to (1, 1);
    if None, a seed decides where it lies."""
    test_digit: int | None = None
    """Position among the MNIST test digits, if it is one."""
    is_one: bool = True
    """False if it shows two things, of which no model could say which it is asked about."""
