"""Reading an image that somebody sent: it may contain anything.

What it costs is known before it is paid: the header says how many pixels there are. They are in memory in full only
once, as the decoder leaves them (`app/server/limits.toml` says how large).
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from app.look.metadata import count_scans, orientation, without_metadata
from app.server.limits import MB, read_limits

SIDE = 2048  # pixels: a larger picture is reduced to this at once; a digit needs no more
MOST_SCANS = 64  # of a progressive JPEG, which goes over all pixels in each; usual ones have about ten
QUICK_BYTES, QUICK_PIXELS = 100_000, 500_000  # of a picture that is read in some hundredths of a second
_BAND = 2**20  # pixels that are converted at a time
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UploadError(ValueError):
    """A picture that cannot be used; the message is one sentence for the user."""


def is_quick(content: bytes) -> bool:
    """Whether a file is read within some hundredths of a second, or refused; any other is not even looked into here."""
    if len(content) > QUICK_BYTES:
        return False
    try:
        image = _opened(content)
    except UploadError:
        return True
    return image.width * image.height * count_scans(content) <= QUICK_PIXELS


def read_image(content: bytes) -> npt.NDArray[np.uint8]:
    """Decodes a PNG or JPEG into (height, width, 4) RGBA, upright, its longer side at most `SIDE` pixels.

    Raises:
        UploadError: it is too large in bytes, pixels or length, no PNG or JPEG, or damaged.
    """
    image = _opened(content)
    try:
        reduced = _reduced(image)
    except MemoryError:
        raise UploadError("This image takes too much memory; please choose a smaller one.") from None
    except Exception:
        raise UploadError("This image is damaged; please choose another one.") from None
    turn = _TURNS.get(orientation(content))
    return np.asarray(reduced if turn is None else reduced.transpose(turn))


def _opened(content: bytes) -> Image.Image:
    """An image of which only the header has been read, and which may be decoded."""
    largest = read_limits().largest_image
    if len(content) > largest * MB:
        raise UploadError(f"This file has {len(content) / MB:.1f} MB; please choose one of at most {largest:g} MB.")
    pixels = without_metadata(content)
    try:
        image = Image.open(io.BytesIO(pixels), formats=("PNG", "JPEG"))
    except UnidentifiedImageError:
        raise UploadError("This file is not a PNG or JPEG image; please choose another one.") from None
    except Exception:  # whatever the library raises: anybody may have made this file
        raise UploadError("This image is damaged or far too large; please choose another one.") from None
    _check_size(image)
    if count_scans(pixels) > MOST_SCANS:
        raise UploadError("This image is stored in too many passes; please save it as a PNG or an ordinary JPEG.")
    return image


def _check_size(image: Image.Image) -> None:
    limits = read_limits()
    area, most = image.width * image.height / 1e6, limits.longest_side
    if area > limits.most_megapixels:
        raise UploadError(
            f"This image has {area:.0f} megapixels; please choose one of at most {limits.most_megapixels:g}."
        )
    if max(image.size) > most:
        raise UploadError(f"This image is {max(image.size):,} pixels long; please choose one of at most {most:,}.")


def _reduced(image: Image.Image) -> Image.Image:
    """The whole image in RGBA and small, converted a band at a time: never a second copy of its full size."""
    # A JPEG is decoded straight to a smaller size.
    image.draft(None, (SIDE // 2, SIDE // 2))
    factor = -(-max(image.size) // SIDE)
    if factor == 1:
        return _eight_bit(image).convert("RGBA")
    result = Image.new("RGBA", (-(-image.width // factor), -(-image.height // factor)))
    rows = max(_BAND // image.width // factor, 1) * factor
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(_eight_bit(band).convert("RGBA").reduce(factor), (0, top // factor))
    return result


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey PNGs keep their upper byte; Pillow's own conversion would clip them to white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
