"""How bright things are in the picture of a look: in the viewers, in the animation and on the film strip.

What has been seen is lit, the rest of the digit is dim, and where nothing lies the field is dark. `browser/light.js`
has the same rules as `lit` and `dim`, and gets the numbers from here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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
    border: float
    """The line round the image, between what lies beneath it and ink."""


LIGHT = Light(
    dark=(int(DARK_FIELD[1:3], 16), int(DARK_FIELD[3:5], 16), int(DARK_FIELD[5:7], 16)),
    paper=(27, 32, 48),
    ink=(255, 255, 255),
    unseen=0.3,
    paper_light=(1.0, 0.8, 0.65, 0.55),
    ink_light=(1.0, 0.65, 0.42, 0.32),
    border=0.16,
)


def lit(levels: npt.ArrayLike, scales: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(..., 3), the colours, 0 to 255, of the grey levels (...), 0 to 1, that were seen at the scales (...)."""
    place = np.minimum(scales, len(LIGHT.ink_light) - 1)
    paper = mix(LIGHT.dark, LIGHT.paper, np.take(LIGHT.paper_light, place))
    return mix(paper, LIGHT.ink, np.take(LIGHT.ink_light, place) * levels)


def dim(levels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(..., 3), the colours, 0 to 255, of the grey levels (...), 0 to 1, that nobody has seen."""
    return mix(LIGHT.dark, LIGHT.ink, LIGHT.unseen * np.asarray(levels))


def mix(start: npt.ArrayLike, end: npt.ArrayLike, share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(..., 3), colours between two (..., 3); the shares (...), 0 to 1, say how far from the first to the second."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    return start + (end - start) * np.asarray(share, float)[..., None]
