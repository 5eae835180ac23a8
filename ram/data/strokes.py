"""Strokes as MNIST has them: their width measured and brought into its range, scaled, and put in the middle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from PIL import Image

SIZE = 28  # Pixels: MNIST centres a digit's mass in a square of this side ...
BOX = 20  # ... after fitting its longer side to this length.
FINE = 8  # Strokes are measured, thinned and thickened at this many times MNIST's resolution.
STROKE_WIDTHS = (1.8, 3.5)  # Pixels, by `stroke_width`: from 12 % to 94 % of MNIST's training digits.
DOT_WIDTH = 3  # Pixels: a single dot becomes as large as the end of a stroke.


def like_mnist(ink: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "28 28"]:
    """Brings ink into the size, place and stroke width of MNIST's digits."""
    if not ink.any():
        return np.zeros((SIZE, SIZE), dtype=np.float32)
    fine = enlarge(ink)
    width = stroke_width(fine)
    # Twice the area over the perimeter is half the diameter of a disc, and half the side of a square.
    if max(fine.shape) < 2.2 * width:
        return _centre(fit(fine, DOT_WIDTH))
    return _centre(fit(_normalise_strokes(fine, width / FINE), BOX))


def stroke_width(ink: Float[np.ndarray, "height width"]) -> float:
    """Mean width of strokes in pixels: twice the area over the perimeter, which is the sum of all slopes."""
    padded = pad(ink, 1)
    down, right = padded[1:, :-1] - padded[:-1, :-1], padded[:-1, 1:] - padded[:-1, :-1]
    return float(2 * ink.sum() / np.sqrt(down * down + right * right).sum())


def enlarge(ink: np.ndarray) -> np.ndarray:
    """Brings the ink's box to the resolution for work on strokes, with sharp edges and dark cores at any size."""
    left, top, right, bottom = box(ink)
    scale = BOX * FINE / max(right - left, bottom - top)
    fine = fit(ink, BOX * FINE, Image.Resampling.BICUBIC)
    # Enlarging softens the edges as many times; reducing makes lines thinner than a pixel grey.
    fine = (fine - 0.5) * scale + 0.5 if scale > 1 else fine / np.percentile(fine[fine > 0.1], 75)
    return fine.clip(0, 1)


def fit(ink: np.ndarray, side: int, resample: Image.Resampling = Image.Resampling.BOX) -> np.ndarray:
    """Scales the ink's box to this longer side. Averaging over areas gives the grey levels that MNIST has."""
    left, top, right, bottom = box(ink)
    scale = side / max(right - left, bottom - top)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    return np.asarray(Image.fromarray(ink).resize(size, resample, box=(left, top, right, bottom)))


def box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink."""
    mask = ink > 0.5
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _normalise_strokes(fine: np.ndarray, width: float) -> np.ndarray:
    """Thins or thickens strokes so that they are in MNIST's range once the result is fitted into 20x20 again."""
    wanted = min(max(width, STROKE_WIDTHS[0]), STROKE_WIDTHS[1])
    # With each side moved by r the box grows too: (width + 2r) / (20 + 2r) = wanted / 20.
    radius = round(FINE * BOX * (wanted - width) / (BOX - wanted) / 2)
    if radius >= 0:
        return _grow(pad(fine, radius), radius)
    fine = pad(fine, 1)  # Paper around the box, or its edges would not be thinned.
    while radius < 0:
        thinned = 1 - _grow(1 - fine, -radius)
        # Growing it again brings back every stroke that is still there: none may have vanished.
        if (fine - _grow(thinned, -radius)).clip(0).sum() <= 0.05 * fine.sum():
            return thinned
        radius = -(-radius // 2)
    return fine


def _grow(ink: np.ndarray, radius: int) -> np.ndarray:
    for _ in range(radius):
        ink = largest_nearby(ink)
    return ink


def _centre(digit: np.ndarray) -> Float[np.ndarray, "28 28"]:
    """Puts the centre of mass at (14, 14), to whole pixels, as far as nothing is cut off."""
    height, width = digit.shape
    down = SIZE / 2 - digit.sum(axis=1) @ np.arange(height) / digit.sum()
    right = SIZE / 2 - digit.sum(axis=0) @ np.arange(width) / digit.sum()
    top, left = int(np.clip(round(down), 0, SIZE - height)), int(np.clip(round(right), 0, SIZE - width))
    image = np.zeros((SIZE, SIZE), dtype=np.float32)
    image[top : top + height, left : left + width] = digit
    return image


def largest_nearby(values: np.ndarray) -> np.ndarray:
    """The largest of each cell and its eight neighbours."""
    padded = pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def pad(values: np.ndarray, margin: int) -> np.ndarray:
    """With zeros all around; np.pad takes several times as long."""
    height, width = values.shape
    padded = np.zeros((height + 2 * margin, width + 2 * margin), values.dtype)
    padded[margin : margin + height, margin : margin + width] = values
    return padded
