"""How bright things are in the picture of a look: in the viewers, in the animation and on the film strip.

What has been seen is lit, the rest of the digit is dim, and where nothing lies the field is dark.
"""

from __future__ import annotations

from typing import NamedTuple

DARK_FIELD = "#0a0c12"
"""What nobody has looked at: the ground of the canvas, the viewers, the galleries and the pictures.

Style sheets know it as `--dark-field`, which `app/style.css` sets."""

Color = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


class Light(NamedTuple):
    """Colours and brightnesses, 0 to 1; the browser gets them as they are (`browser/light.js`)."""

    dark: Color
    """What nobody has looked at."""
    paper: Color
    """Paper that was seen at the finest scale: lighter, so that seeing nothing differs from not looking."""
    ink: Color
    unseen: float
    """Ink that has not been seen."""
    paper_light: tuple[float, ...]
    """Of what has been seen, by scale: the coarser, the less there was to see. Further scales are as the last."""
    ink_light: tuple[float, ...]
    """The same of ink. It fades more than paper, so that the digit itself, as dim as where nobody has looked, shines
    through its blur."""


LIGHT = Light(
    dark=(int(DARK_FIELD[1:3], 16), int(DARK_FIELD[3:5], 16), int(DARK_FIELD[5:7], 16)),
    paper=(27, 32, 48),
    ink=(255, 255, 255),
    unseen=0.3,
    paper_light=(1.0, 0.8, 0.65, 0.55),
    ink_light=(1.0, 0.65, 0.42, 0.32),
)
