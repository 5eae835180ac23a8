"""Drawings: turning a canvas or an uploaded picture into what MNIST looks like."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

SIZE = 28  # Pixels: MNIST centres a digit's mass in a square of this side ...
BOX = 20  # ... after fitting its longer side to this length.
FINE = 8  # Strokes are measured, thinned and thickened at this many times MNIST's resolution.
STROKE_WIDTHS = (1.7, 3.5)  # Pixels: from 7 % to 94 % of MNIST's training digits.
DOT_WIDTH = 4  # Pixels: the side of a single dot, which has no size of a digit to be fitted to.
LONGEST_SIDE = 400  # Pixels: a longer picture is reduced first, which also averages its noise.
FAINTEST = 24  # Grey levels: what differs less from the paper is paper.
SPECK = 0.05  # Of the largest piece's ink: a separate piece with less is dust, or a slip of the hand.


class DrawingError(ValueError):
    """A picture that cannot be one digit on plain paper; the message is one sentence for its author."""


class _Drawing(NamedTuple):
    ink: Float[np.ndarray, "height width"]
    """From 0 (paper) to 1 (ink)."""
    plain_border: float
    """The part of the border that is paper."""


def prepare_drawing(array: UInt8[np.ndarray, ...]) -> Float[np.ndarray, "28 28"]:
    """Turns a drawing into an image like MNIST's.

    Paper is what most of the border shows, ink is whatever differs from it in colour or opacity. The ink's
    box is fitted into 20x20 and its centre of mass put in the middle of 28x28, to whole pixels. However
    small, it is enlarged; only a dot (ink not longer than about its own stroke is wide) becomes a dot of
    `DOT_WIDTH` pixels. Strokes thinner or thicker than `STROKE_WIDTHS` are brought to the nearer limit.

    Args:
        array: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA, not premultiplied.

    Returns:
        float32 from 0 (paper) to 1 (ink); all zeros when nothing is drawn.

    Raises:
        ValueError: the array is no such picture.
    """
    ink = _read(_picture(array)).ink
    if not ink.any():
        return np.zeros((SIZE, SIZE), dtype=np.float32)
    fine = _fine(ink)
    if _is_dot(fine):
        return _centre(_fit(ink, DOT_WIDTH))
    return _centre(_fit(_normalise_strokes(fine), BOX))


def check_is_drawing(array: UInt8[np.ndarray, ...]) -> None:
    """Checks that an uploaded picture can be one digit on plain paper.

    Raises:
        DrawingError: it is a photograph, covered with ink, or blank.
        ValueError: the array is no picture, as for `prepare_drawing`.
    """
    ink, plain_border = _read(_picture(array))
    if plain_border < 0.75:
        raise DrawingError(
            "This looks like a photograph, because its edges are not one plain colour: "
            "please use a picture of one digit on plain paper, with some paper all around it."
        )
    if not ink.any():
        raise DrawingError("There is nothing drawn in this picture: please use one with a digit in it.")
    if (ink > 0.5).mean() > 0.5:
        raise DrawingError(
            "Ink covers most of this picture: please use a picture of one digit with more paper around it."
        )


def stroke_width(ink: Float[np.ndarray, "height width"]) -> float:
    """Mean width of strokes in pixels: twice the area over the perimeter, which is the sum of all slopes."""
    padded = np.pad(ink, 1)
    down, right = padded[1:, :-1] - padded[:-1, :-1], padded[:-1, 1:] - padded[:-1, :-1]
    return float(2 * ink.sum() / np.sqrt(down * down + right * right).sum())


def _picture(array: np.ndarray) -> Image.Image:
    """Checks the argument; transparent pixels become premultiplied, so that no hidden colour counts."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"array is of {kind}: it must be a NumPy array of uint8")
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ValueError(
            f"array has shape {array.shape}: it must be (height, width), (height, width, 3) or "
            "(height, width, 4), and not empty"
        )
    picture = Image.fromarray(np.ascontiguousarray(array))
    return picture.convert("RGBa") if picture.mode == "RGBA" else picture


def _read(picture: Image.Image) -> _Drawing:
    """Finds the ink; a digit that is small in a large picture is looked at again from near."""
    factor = -(-max(picture.size) // LONGEST_SIDE)
    drawing = _find_ink(picture.reduce(factor) if factor > 1 else picture)
    if factor == 1 or not drawing.ink.any():
        return drawing
    left, top, right, bottom = _box(drawing.ink)
    margin = max(right - left, bottom - top) // 4 + 2
    if max(right - left, bottom - top) + 2 * margin > LONGEST_SIDE // 2:
        return drawing
    corner, end = (left - margin, top - margin), (right + margin, bottom + margin)
    near = [max(0, v * factor) for v in corner] + [min(v * factor, n) for v, n in zip(end, picture.size, strict=True)]
    return _read(picture.crop(tuple(near)))._replace(plain_border=drawing.plain_border)


def _find_ink(picture: Image.Image) -> _Drawing:
    pixels = _fill_outside(np.asarray(picture).reshape(picture.height, picture.width, -1))
    distance = _distance_from_paper(pixels)
    border = np.concatenate([distance[0], distance[-1], distance[:, 0], distance[:, -1]])
    noise = float(np.median(border))
    faintest = max(FAINTEST, 4 * noise)
    plain = float((border <= faintest).mean()) if noise < FAINTEST else 0.0
    inked = distance[distance > faintest]
    if not inked.size:
        return _Drawing(np.zeros(distance.shape, np.float32), plain)
    floor, full = 2 * noise, float(np.percentile(inked, 75))
    ramp = np.clip((np.arange(256) - floor) / (full - floor), 0, 1).astype(np.float32)
    return _Drawing(_drop_specks(ramp[distance]), plain)


def _fill_outside(pixels: np.ndarray) -> np.ndarray:
    """Extends the paper of an opaque picture that stands on a transparent margin, such as a rotated scan."""
    return pixels


def _distance_from_paper(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width"]:
    """The largest difference in any channel: yellow on white differs from it in blue alone."""
    height, width, _ = pixels.shape
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.float32)
    paper = np.median(border, axis=0)
    from_paper = np.abs(border - paper).max(axis=1)
    noise = np.median(from_paper)
    if noise == 0:
        tables = np.abs(np.arange(256)[:, None] - paper).astype(np.uint8)
        layers = [tables[:, c][pixels[..., c]] for c in range(len(paper))]
    else:
        # Light falls unevenly on a photographed page: a plane through the border's paper follows it.
        y, x = np.mgrid[:height, :width].astype(np.float32)
        y, x = y / height, x / width
        at = np.stack([np.concatenate([v[0], v[-1], v[:, 0], v[:, -1]]) for v in (x, y, np.ones_like(x))], axis=1)
        used = from_paper <= 4 * noise
        planes = np.linalg.lstsq(at[used], border[used], rcond=None)[0]
        layers = [
            np.abs(pixels[..., c] - (planes[0, c] * x + planes[1, c] * y + planes[2, c])).clip(0, 255).astype(np.uint8)
            for c in range(len(paper))
        ]
    distance = layers[0]
    for layer in layers[1:]:
        distance = np.maximum(distance, layer)
    return distance


def _drop_specks(ink: np.ndarray) -> np.ndarray:
    """Erases pieces with very little ink, and whatever is faint and far from any ink."""
    height, width = ink.shape
    cell = -(-max(height, width) // 64)
    rows, columns = -(-height // cell), -(-width // cell)
    padded = np.zeros((rows * cell, columns * cell), dtype=np.float32)
    padded[:height, :width] = ink > 0.5
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    pieces = _label(mass > 0)
    masses = np.bincount(pieces.ravel(), mass.ravel())
    kept = (masses > SPECK * masses.max())[pieces]
    near = _largest_nearby(kept) & (kept | (mass == 0))
    return ink * near.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


def _label(mask: Bool[np.ndarray, "height width"]) -> np.ndarray:
    """Numbers the connected pieces of a mask; 0 is outside all."""
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        spread = np.where(mask, _largest_nearby(labels), 0)
        # A label is a position: taking over the label found there doubles the reach of each round.
        spread = np.concatenate([[0], spread.ravel()])[spread]
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def _largest_nearby(values: np.ndarray) -> np.ndarray:
    """The largest of each cell and its eight neighbours."""
    padded = np.pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    mask = ink > 0.5
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _is_dot(fine: np.ndarray) -> bool:
    # Twice the area over the perimeter is half the diameter of a disc, and half the side of a square.
    return max(fine.shape) < 2.2 * stroke_width(fine)


FILTER = Image.Resampling.HAMMING
SHARPEN = True


def _fine(ink: np.ndarray) -> np.ndarray:
    """The ink's box at the resolution for work on strokes, with edges as sharp and cores as dark at any size."""
    left, top, right, bottom = _box(ink)
    scale = BOX * FINE / max(right - left, bottom - top)
    fine = _fit(ink, BOX * FINE, Image.Resampling.BICUBIC)
    if not SHARPEN:
        return fine
    if scale > 1:
        fine = (fine - 0.5) * scale + 0.5
    else:
        fine = fine / np.percentile(fine[fine > 0.1], 75)
    return fine.clip(0, 1)


def _fit(ink: np.ndarray, side: int, resample=None) -> np.ndarray:
    left, top, right, bottom = _box(ink)
    scale = side / max(right - left, bottom - top)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    image = Image.fromarray(ink).resize(size, FILTER if resample is None else resample, box=(left, top, right, bottom))
    return np.asarray(image).clip(0, 1)


LOST = 0.05


def _normalise_strokes(ink: np.ndarray) -> np.ndarray:
    """Thins or thickens strokes so that they are in MNIST's range once the result is fitted into 20x20 again."""
    width = stroke_width(ink) / FINE
    wanted = min(max(width, STROKE_WIDTHS[0]), STROKE_WIDTHS[1])
    # Each side grows by r, and the box with it: (width + 2r) / (20 + 2r) = wanted / 20.
    radius = round(FINE * BOX * (wanted - width) / (BOX - wanted) / 2)
    if radius > 0:
        return _grow(np.pad(ink, radius), radius)
    while radius:
        thinned = 1 - _grow(1 - ink, -radius)
        lost = (ink - _grow(thinned, -radius)).clip(0).sum()
        if lost <= LOST * ink.sum():
            return thinned
        radius = -(-radius // 2) if radius < -1 else 0
    return ink


def _grow(ink, radius):
    for _ in range(radius):
        ink = _largest_nearby(ink)
    return ink


def _centre(digit: np.ndarray) -> np.ndarray:
    """Puts the centre of mass in the middle, to whole pixels, as far as nothing is cut off."""
    height, width = digit.shape
    down = SIZE / 2 - digit.sum(axis=1) @ np.arange(height) / digit.sum()
    right = SIZE / 2 - digit.sum(axis=0) @ np.arange(width) / digit.sum()
    top, left = int(np.clip(round(down), 0, SIZE - height)), int(np.clip(round(right), 0, SIZE - width))
    image = np.zeros((SIZE, SIZE), dtype=np.float32)
    image[top : top + height, left : left + width] = digit
    return image
