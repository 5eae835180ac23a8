"""Drawings: turning a canvas or an uploaded picture into what MNIST looks like."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

SIZE = 28  # Pixels: MNIST centres a digit's mass in a square of this side ...
BOX = 20  # ... after fitting its longer side to this length.
FINE = 8  # Strokes are measured, thinned and thickened at this many times MNIST's resolution.
STROKE_WIDTHS = (1.8, 3.5)  # Pixels, by `stroke_width`: from 12 % to 94 % of MNIST's training digits.
DOT_WIDTH = 3  # Pixels: a single dot becomes as large as the end of a stroke.
LONGEST_SIDE = 400  # Pixels: a longer picture is reduced first, which also averages its noise.
FAINTEST = 24  # Grey levels: what differs less from the paper is paper.
REACH = 8  # Pixels: how far the filters look beyond the ink.
TALL = 0.6  # Of the drawing's height: two things as tall as that, side by side, are two digits ...
WIDE = 0.45  # ... if together they are at least so wide, in heights.
MOST_LINES = 0.3  # Of a picture's rows or columns: more are no lines on paper.
THICKEST_LINE = 0.02  # Of the picture's side.
SPECK = 0.05  # Of the largest piece's ink: a separate piece with less is dust, or a slip of the hand.


class DrawingError(ValueError):
    """A picture that cannot be one digit on plain paper; the message is one sentence for its author."""


class _Drawing(NamedTuple):
    ink: Float[np.ndarray, "height width"]
    """From 0 (paper) to 1 (ink)."""
    plain_border: float
    """The part of the picture's border that is plain paper."""
    centre: tuple[float, float] = (0.5, 0.5)
    """(x, y) of the ink's centre of mass, from (0, 0), the picture's top-left corner, to (1, 1)."""
    corner: tuple[int, int] = (0, 0)
    """(x, y) in the picture of the ink's first pixel: around it there is none."""
    size: int = 1
    """Pixels of the picture."""


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
    drawing = _read(_pixels(array))
    return PlacedDigit(_like_mnist(drawing.ink), drawing.centre, _is_one(drawing.ink))


def _like_mnist(ink: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "28 28"]:
    if not ink.any():
        return np.zeros((SIZE, SIZE), dtype=np.float32)
    fine = _enlarge(ink)
    width = stroke_width(fine)
    # Twice the area over the perimeter is half the diameter of a disc, and half the side of a square.
    if max(fine.shape) < 2.2 * width:
        return _centre(_fit(fine, DOT_WIDTH))
    return _centre(_fit(_normalise_strokes(fine, width / FINE), BOX))


def check_is_drawing(array: UInt8[np.ndarray, ...]) -> None:
    """Checks that an uploaded picture can be one digit on plain paper.

    Raises:
        DrawingError: it is a photograph, covered with ink, blank, or of two digits.
        ValueError: the array is no picture, as for `prepare_drawing`.
    """
    ink, plain_border, _, _, size = _read(_pixels(array))
    if plain_border < 0.8:
        raise DrawingError(
            "The edges of this picture are not one plain colour: please use a picture of one digit on plain paper, "
            "without lines or squares, and with some paper all around it."
        )
    if not ink.any():
        raise DrawingError("There is nothing drawn in this picture: please use one with a digit in it.")
    covered, fine = (ink > 0.5).sum() / size, _enlarge(ink)
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
    left, top, right, bottom = _box(ink)
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


def stroke_width(ink: Float[np.ndarray, "height width"]) -> float:
    """Mean width of strokes in pixels: twice the area over the perimeter, which is the sum of all slopes."""
    padded = _pad(ink, 1)
    down, right = padded[1:, :-1] - padded[:-1, :-1], padded[:-1, 1:] - padded[:-1, :-1]
    return float(2 * ink.sum() / np.sqrt(down * down + right * right).sum())


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


def _read(pixels: UInt8[np.ndarray, "height width channels"]) -> _Drawing:
    """Finds the ink; a digit that is small in a large picture is looked at again from near."""
    pixels = _without_lines(pixels)
    height, width, _ = pixels.shape
    factor = -(-max(height, width) // LONGEST_SIDE)
    drawing = _find_ink(_reduce(pixels, factor) if factor > 1 else pixels)
    if factor == 1 or not drawing.ink.any():
        return drawing
    left, top, right, bottom = (edge + drawing.corner[number % 2] for number, edge in enumerate(_box(drawing.ink)))
    margin = max(right - left, bottom - top) // 4 + 2
    if max(right - left, bottom - top) + 2 * margin > LONGEST_SIDE // 2:
        return drawing
    rows = slice(max(0, top - margin) * factor, min((bottom + margin) * factor, height))
    columns = slice(max(0, left - margin) * factor, min((right + margin) * factor, width))
    near = _read(pixels[rows, columns])
    return drawing._replace(ink=near.ink, size=near.size)


def _without_lines(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width channels"]:
    """Takes off the lines that paper is printed with: what runs thin, straight and of one colour from edge to edge."""
    paper = np.median(_border(pixels), axis=0).astype(np.uint8)
    bare = pixels
    for turned in (False, True):
        picture = bare.swapaxes(0, 1) if turned else bare
        lines = _lines_across(picture, paper)
        if lines.any():
            colours = picture[:, :1][lines]
            alike = _difference(picture[lines], np.broadcast_to(colours, picture[lines].shape)) <= 2 * FAINTEST
            cleaned = picture.copy()
            cleaned[lines] = np.where(alike[..., None], paper, picture[lines])
            bare = cleaned.swapaxes(0, 1) if turned else cleaned
    return np.ascontiguousarray(bare)


def _lines_across(
    picture: UInt8[np.ndarray, "height width channels"], paper: UInt8[np.ndarray, " channels"]
) -> Bool[np.ndarray, " height"]:
    """Which rows are no paper at both edges, and of the same colour there; none if they are thick, or too many."""
    left, right = picture[:, :1], picture[:, -1:]
    blank = np.broadcast_to(paper, left.shape)
    off = np.minimum(_difference(left, blank), _difference(right, blank))[:, 0] > FAINTEST
    lines = off & (_difference(left, right)[:, 0] <= 2 * FAINTEST)
    changes = np.flatnonzero(np.diff(np.concatenate([[False], lines, [False]]).astype(np.int8)))
    thickness = np.diff(changes)[::2]
    if not lines.any() or lines.mean() > MOST_LINES or thickness.max() > max(2, THICKEST_LINE * len(lines)):
        return np.zeros_like(lines)
    return lines


def _reduce(pixels: UInt8[np.ndarray, "height width channels"], factor: int) -> np.ndarray:
    height, width, channels = pixels.shape
    mode = {1: "L", 3: "RGB", 4: "RGBa"}[channels]
    reduced = np.asarray(Image.frombytes(mode, (width, height), pixels.tobytes()).reduce(factor))
    return reduced.reshape(*reduced.shape[:2], channels)


def _find_ink(pixels: UInt8[np.ndarray, "height width channels"]) -> _Drawing:
    pixels = _fill_outside(pixels)
    paper = _paper(pixels)
    border = _difference(_border(pixels)[None], _border(np.broadcast_to(paper, pixels.shape))[None])
    noise = float(np.median(border))
    faintest = max(FAINTEST, 4 * noise)
    # Texture and uneven light are plain paper; more than that is a scene.
    plain = noise <= 16 and np.ptp(paper, axis=(0, 1)).max() <= 160
    plain_border = float((border <= faintest).mean()) if plain else 0.0
    height, width, _ = pixels.shape
    cell = -(-max(height, width) // 64)
    rows, columns = _where_it_differs(pixels, paper, cell)
    distance = _difference(pixels[rows, columns], paper if paper.size == paper.shape[2] else paper[rows, columns])
    inked = distance[distance > faintest]
    if not inked.size:
        return _Drawing(np.zeros(distance.shape, dtype=np.float32), plain_border)
    # The typical ink, without what may be the edge of a stroke, or a shadow.
    full = float(np.median(inked[inked > np.percentile(inked, 98) / 2]))
    ramp = ((np.arange(256) - 2 * noise) / (full - 2 * noise)).clip(0, 1).astype(np.float32)
    ink = _drop_specks(ramp[distance], cell)
    corner = columns.start, rows.start
    return _Drawing(ink, plain_border, _centre_of_mass(ink, corner, (width, height)), corner, width * height)


def _where_it_differs(pixels: np.ndarray, paper: np.ndarray, cell: int) -> tuple[slice, slice]:
    """Rows and columns outside of which everything is paper, in whole cells: less than half of most drawings.

    All of them where paper is not of one colour.
    """
    height, width, channels = pixels.shape
    if paper.size > channels:
        return slice(0, height), slice(0, width)
    if channels == 4 and pixels.flags.c_contiguous:
        differs = pixels.view(np.uint32)[..., 0] != paper.view(np.uint32).item()
    else:
        differs = (pixels != paper).any(axis=2)
    found = [np.flatnonzero(differs.any(axis=axis)).tolist() for axis in (1, 0)]
    if not found[0]:
        return slice(0, 0), slice(0, 0)
    rows, columns = (
        slice(max(each[0] - REACH, 0) // cell * cell, min(-(-(each[-1] + 1 + REACH) // cell) * cell, length))
        for each, length in zip(found, (height, width), strict=True)
    )
    return rows, columns


def _centre_of_mass(
    ink: Float[np.ndarray, "height width"], corner: tuple[int, int], size: tuple[int, int]
) -> tuple[float, float]:
    """(x, y) in a picture of this size, each from 0 to 1; a pixel's ink counts as being in its middle."""
    total = ink.sum()
    x, y = (
        float(ink.sum(axis=axis) @ (np.arange(ink.shape[1 - axis]) + corner[axis] + 0.5) / total / size[axis])
        for axis in (0, 1)
    )
    return x, y


def _fill_outside(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width channels"]:
    """Extends the paper of an opaque picture that stands on a transparent margin, such as a rotated scan."""
    if pixels.shape[2] != 4 or np.median(_border(pixels[..., 3])) > 0:
        return pixels
    opaque = pixels[..., 3] == 255
    inside = pixels[opaque]
    # Strokes have one colour; a picture has at least two, paper and ink, and is no thin line.
    if not inside.size or np.ptp(inside, axis=0).max() < 2 * FAINTEST:
        return pixels
    shape = _fit(opaque.astype(np.float32), SIZE)
    if max(shape.shape) > 4 * stroke_width(shape):
        return pixels
    return np.where(opaque[..., None], pixels, np.median(inside, axis=0).astype(np.uint8))


def _paper(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "#height #width channels"]:
    """The paper's colour everywhere, judged by the border."""
    border = _border(pixels)
    if (border == border[0]).all():
        return border[:1, None]
    paper = np.median(border, axis=0).astype(np.uint8)
    off = _difference(border[None], paper[None, None])[0]
    noise = np.median(off)
    if noise == 0:
        return paper[None, None]
    # Light falls unevenly on a photographed page: a plane through the paper at the border follows it.
    height, width, _ = pixels.shape
    down, right = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    grid = np.stack([down, right, np.ones_like(down)], axis=2)
    bare = off <= 4 * noise
    plane = np.linalg.lstsq(_border(grid)[bare], border[bare].astype(np.float32), rcond=None)[0]
    return (grid @ plane).round().clip(0, 255).astype(np.uint8)


def _difference(pixels: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """The largest difference in any channel: yellow on white differs from it in blue alone."""
    # Along whole rows, then one channel at a time: NumPy is slow along a last axis of three or four.
    height, width, channels = pixels.shape
    rows, of_paper = (each.reshape(len(each), each.shape[1] * channels) for each in (pixels, paper))
    if paper.shape[1] == 1:
        of_paper = np.tile(of_paper, (1, width))
    apart = (np.maximum(rows, of_paper) - np.minimum(rows, of_paper)).reshape(height, width, channels)
    return functools.reduce(np.maximum, [apart[..., channel] for channel in range(channels)])


def _border(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _drop_specks(ink: Float[np.ndarray, "height width"], cell: int) -> Float[np.ndarray, "height width"]:
    """Erases pieces with very little ink, and whatever is faint and far from any ink.

    Pieces are told apart on a grid of cells of this many pixels a side, so that a stroke with small gaps is one piece.
    """
    height, width = ink.shape
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
    padded = _pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _pad(values: np.ndarray, margin: int) -> np.ndarray:
    """With zeros all around; np.pad takes several times as long."""
    height, width = values.shape
    padded = np.zeros((height + 2 * margin, width + 2 * margin), values.dtype)
    padded[margin : margin + height, margin : margin + width] = values
    return padded


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink."""
    mask = ink > 0.5
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _fit(ink: np.ndarray, side: int, resample: Image.Resampling = Image.Resampling.BOX) -> np.ndarray:
    """Scales the ink's box to this longer side. Averaging over areas gives the grey levels that MNIST has."""
    left, top, right, bottom = _box(ink)
    scale = side / max(right - left, bottom - top)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    return np.asarray(Image.fromarray(ink).resize(size, resample, box=(left, top, right, bottom)))


def _enlarge(ink: np.ndarray) -> np.ndarray:
    """Brings the ink's box to the resolution for work on strokes, with sharp edges and dark cores at any size."""
    left, top, right, bottom = _box(ink)
    scale = BOX * FINE / max(right - left, bottom - top)
    fine = _fit(ink, BOX * FINE, Image.Resampling.BICUBIC)
    # Enlarging softens the edges as many times; reducing makes lines thinner than a pixel grey.
    fine = (fine - 0.5) * scale + 0.5 if scale > 1 else fine / np.percentile(fine[fine > 0.1], 75)
    return fine.clip(0, 1)


def _normalise_strokes(fine: np.ndarray, width: float) -> np.ndarray:
    """Thins or thickens strokes so that they are in MNIST's range once the result is fitted into 20x20 again."""
    wanted = min(max(width, STROKE_WIDTHS[0]), STROKE_WIDTHS[1])
    # With each side moved by r the box grows too: (width + 2r) / (20 + 2r) = wanted / 20.
    radius = round(FINE * BOX * (wanted - width) / (BOX - wanted) / 2)
    if radius >= 0:
        return _grow(_pad(fine, radius), radius)
    fine = _pad(fine, 1)  # Paper around the box, or its edges would not be thinned.
    while radius < 0:
        thinned = 1 - _grow(1 - fine, -radius)
        # Growing it again brings back every stroke that is still there: none may have vanished.
        if (fine - _grow(thinned, -radius)).clip(0).sum() <= 0.05 * fine.sum():
            return thinned
        radius = -(-radius // 2)
    return fine


def _grow(ink: np.ndarray, radius: int) -> np.ndarray:
    for _ in range(radius):
        ink = _largest_nearby(ink)
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
