"""The ink of a picture: what differs from the paper, without printed lines, specks and uneven light."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from ram.data.strokes import SIZE, box, fit, largest_nearby, stroke_width
from ram.data.tilted_lines import find_lines

LONGEST_SIDE = 400  # Pixels: a longer picture is reduced first, which also averages its noise.
FAINTEST = 24  # Grey levels: what differs less from the paper is paper.
REACH = 8  # Pixels: how far the filters look beyond the ink.
MOST_LINES = 0.3  # Of a picture's rows or columns: more are no lines on paper.
NO_LINES = 0.995  # Of a picture's border that is paper: where less is, lines may cross it.
THICKEST_LINE = 0.02  # Of the picture's side.
SPECK = 0.05  # Of the largest piece's ink: a separate piece with less is dust, or a slip of the hand.


class Inked(NamedTuple):
    """A picture's ink, cut out where there is any."""

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


def read(pixels: UInt8[np.ndarray, "height width channels"]) -> Inked:
    """Finds the ink; a digit that is small in a large picture is looked at again from near."""
    pixels = _without_lines(pixels)
    height, width, _ = pixels.shape
    factor = -(-max(height, width) // LONGEST_SIDE)
    small = _reduce(pixels, factor) if factor > 1 else pixels
    drawing = _find_ink(small)
    if NO_LINES > drawing.plain_border > 0:
        bare = _without_tilted_lines(small)
        if bare is not small:
            return _find_ink(bare)
    if factor == 1 or not drawing.ink.any():
        return drawing
    left, top, right, bottom = (edge + drawing.corner[number % 2] for number, edge in enumerate(box(drawing.ink)))
    margin = max(right - left, bottom - top) // 4 + 2
    if max(right - left, bottom - top) + 2 * margin > LONGEST_SIDE // 2:
        return drawing
    rows = slice(max(0, top - margin) * factor, min((bottom + margin) * factor, height))
    columns = slice(max(0, left - margin) * factor, min((right + margin) * factor, width))
    near = read(pixels[rows, columns])
    return drawing._replace(ink=near.ink, size=near.size)


def _without_lines(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width channels"]:
    """Takes off the lines that paper is printed with: what runs thin, straight and of one colour from edge to edge."""
    border = _border(pixels)
    if (border == border[0]).all():  # no line reaches it
        return np.ascontiguousarray(pixels)
    paper = np.median(border, axis=0).astype(np.uint8)
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


def _without_tilted_lines(pixels: UInt8[np.ndarray, "height width channels"]) -> np.ndarray:
    """The same for lines that are tilted; the argument itself if there are none."""
    paper = _paper(pixels)
    distance = _difference(pixels, paper)
    off = distance > FAINTEST
    lines = find_lines(off, distance) | find_lines(off.T, distance.T).T
    return np.where(lines[..., None], paper, pixels) if lines.any() else pixels


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


def _find_ink(pixels: UInt8[np.ndarray, "height width channels"]) -> Inked:
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
    inked = np.sort(distance[distance > faintest])
    if not inked.size:
        return Inked(np.zeros(distance.shape, dtype=np.float32), plain_border)
    # The typical ink, without what may be the edge of a stroke, or a shadow.
    strongest = inked[round(0.98 * (inked.size - 1))]
    full = float(np.median(inked[np.searchsorted(inked, strongest / 2, side="right") :]))
    ramp = ((np.arange(256) - 2 * noise) / (full - 2 * noise)).clip(0, 1).astype(np.float32)
    ink = _drop_specks(ramp.take(distance), cell)
    corner = columns.start, rows.start
    return Inked(ink, plain_border, _centre_of_mass(ink, corner, (width, height)), corner, width * height)


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
    shape = fit(opaque.astype(np.float32), SIZE)
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
    padded = np.zeros((rows * cell, columns * cell), dtype=np.int32)
    padded[:height, :width] = ink > 0.5
    # Rows first: NumPy is slow along a short last axis.
    mass = padded.reshape(rows, cell, columns * cell).sum(axis=1).reshape(rows, columns, cell).sum(axis=2)
    pieces = _label(mass > 0)
    masses = np.bincount(pieces.ravel(), mass.ravel())
    kept = (masses > SPECK * masses.max())[pieces]
    near = largest_nearby(kept) & (kept | (mass == 0))
    return ink * near.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


def _label(mask: Bool[np.ndarray, "height width"]) -> np.ndarray:
    """Numbers the connected pieces of a mask; 0 is outside all."""
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        spread = np.where(mask, largest_nearby(labels), 0)
        # A label is a position: taking over the label found there doubles the reach of each round.
        spread = np.concatenate([[0], spread.ravel()])[spread]
        if np.array_equal(spread, labels):
            return labels
        labels = spread
