"""A test digit with the glimpse that excites a unit: what lies in the window is lit, all else is dim."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from app.figures.picture import as_bytes, draw_frame
from app.look.light import dim, lit
from app.look.stories import Example

SIDE = 112  # px at least, a whole number of them for each pixel of the image
FRAME = "#fd9a57"


def example_png(example: Example) -> bytes:
    """The whole image as a PNG, with the window's frame."""
    height, width = example.image.shape
    zoom, (left, top), size = max(SIDE // max(height, width), 1), example.corner, len(example.patch)
    colors = dim(example.image)
    rows, columns = (slice(max(start, 0), max(start + size, 0)) for start in (top, left))
    colors[rows, columns] = lit(example.image[rows, columns], 0)
    picture = Image.fromarray(as_bytes(colors)).resize((width * zoom, height * zoom), Image.Resampling.NEAREST)
    box = (left * zoom, top * zoom, (left + size) * zoom, (top + size) * zoom)
    draw_frame(picture, np.clip(box, 2, [*picture.size, *picture.size] - np.array(2)).tolist(), FRAME, 2)
    return _png(picture)


def patch_png(example: Example) -> bytes:
    """What the glimpse saw, a pixel of the picture for each of the patch's."""
    return _png(Image.fromarray(as_bytes(lit(example.patch, 0))))


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
