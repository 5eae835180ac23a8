"""Drawings: turning a canvas or an uploaded picture into what MNIST looks like."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from ram.data.ink import read
from ram.data.strokes import box, enlarge, like_mnist, stroke_width

TALL = 0.6  # Of the drawing's height: two things as tall as that, side by side, are two digits ...
WIDE = 0.45  # ... if together they are at least so wide, in heights.


class DrawingError(ValueError):
    """A picture that cannot be one digit on plain paper; the message is one sentence for its author."""


class PlacedDigit(NamedTuple):
    """A drawing as an image like MNIST's, and where it was in its picture."""

    image: Float[np.ndarray, "28 28"]
    """float32 from 0 (paper) to 1 (ink); all zeros when nothing is drawn."""
    centre: tuple[float, float]
    """(x, y) of the ink's centre of mass, from (0, 0), the picture's top-left corner, to (1, 1)."""
    is_one: bool
    """False if two things of a digit's height stand side by side, with paper between them from top to bottom."""


def prepare_drawing(array: UInt8[np.ndarray, ...]) -> Float[np.ndarray, "28 28"]:
    """Turns a drawing into an image like MNIST's.

    Paper is what most of the border shows; ink is what differs from it in colour or opacity. The ink's box
    is fitted into 20x20 and its centre of mass put at pixel (14, 14), to whole pixels. Strokes thinner or
    thicker than `STROKE_WIDTHS` are brought to the nearer limit. However small, ink is enlarged; only a dot
    (compact and solid, as one touch of a brush is) becomes `DOT_WIDTH` pixels wide, however large.

    Args:
        array: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA, not premultiplied.

    Returns:
        float32 from 0 (paper) to 1 (ink); all zeros when nothing is drawn.

    Raises:
        ValueError: the array is no such picture.
    """
    return prepare_placed_drawing(array).image


def prepare_placed_drawing(array: UInt8[np.ndarray, ...]) -> PlacedDigit:
    """Does what `prepare_drawing` does, and says where in the picture the drawing was.

    Raises:
        ValueError: the array is no such picture.
    """
    drawing = read(_pixels(array))
    return PlacedDigit(like_mnist(drawing.ink), drawing.centre, _is_one(drawing.ink))


def check_is_drawing(array: UInt8[np.ndarray, ...]) -> None:
    """Checks that an uploaded picture can be one digit on plain paper.

    Raises:
        DrawingError: it is a photograph, covered with ink, blank, or of two digits.
        ValueError: the array is no picture, as for `prepare_drawing`.
    """
    ink, plain_border, _, _, size = read(_pixels(array))
    if plain_border < 0.8:
        raise DrawingError(
            "The edges of this picture are not one plain colour: please use a picture of one digit on plain paper, "
            "without lines or squares, and with some paper all around it."
        )
    if not ink.any():
        raise DrawingError("There is nothing drawn in this picture: please use one with a digit in it.")
    covered, fine = (ink > 0.5).sum() / size, enlarge(ink)
    if covered > 0.4 or (covered > 0.15 and max(fine.shape) < 3 * stroke_width(fine)):
        raise DrawingError(
            "Too much of this picture is covered for a digit: please use a picture of one digit in clear strokes, "
            "with some paper all around it."
        )
    if not _is_one(ink):
        raise DrawingError("There is more than one thing in this picture: please use one with a single digit.")


def _is_one(ink: Float[np.ndarray, "height width"]) -> bool:
    if not ink.any():
        return True
    left, top, right, bottom = box(ink)
    mask = np.asarray(ink[top:bottom, left:right] > 0.5)
    height, width = mask.shape
    inked = np.asarray(mask.any(axis=0))
    gaps = np.flatnonzero(~inked[1:] & inked[:-1]) + 1
    return width < WIDE * height or not any(
        min(_height(mask[:, :gap]), _height(mask[:, gap:])) >= TALL * height for gap in gaps
    )


def _height(mask: Bool[np.ndarray, "height width"]) -> int:
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1] - rows[0]) + 1


def _pixels(array: np.ndarray) -> UInt8[np.ndarray, "height width channels"]:
    """Checks the argument; transparent pixels become premultiplied, so that no hidden colour counts."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"array is of type {kind}: it must be a NumPy array of uint8")
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ValueError(
            f"array has shape {array.shape}: it must be (height, width), (height, width, 3) or "
            "(height, width, 4), and not empty"
        )
    pixels = np.ascontiguousarray(array).reshape(*array.shape[:2], -1)
    if pixels.shape[2] == 4 and not (pixels[..., 3] == 255).all():
        return np.asarray(Image.fromarray(pixels).convert("RGBa"))
    return pixels
