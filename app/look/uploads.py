"""Reading an uploaded image file, which may contain anything."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_FILE = 5 * 1024**2  # bytes
LARGEST_IMAGE = 25_000_000  # pixels


class UploadError(ValueError):
    """A file that cannot be used; the message is one sentence for the user."""


def read_image(content: bytes) -> npt.NDArray[np.uint8]:
    """Decodes a PNG or JPEG into (height, width, 4) RGBA, upright as its EXIF orientation says.

    Raises:
        UploadError: the file is too large, no PNG or JPEG, damaged, or has too many pixels.
    """
    if len(content) > LARGEST_FILE:
        raise UploadError(f"This file has {len(content) / 1024**2:.1f} MB; please choose one of at most 5 MB.")
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    except UnidentifiedImageError:
        raise UploadError("This file is not a PNG or JPEG image; please choose another one.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError, SyntaxError):
        raise UploadError("This image is damaged or far too large; please choose another one.") from None
    if image.width * image.height > LARGEST_IMAGE:
        raise UploadError(
            f"This image has {image.width * image.height / 1e6:.0f} megapixels; "
            f"please choose one of at most {LARGEST_IMAGE // 1_000_000}."
        )
    try:
        # JPEG can decode straight to a smaller size; a digit needs no more than this.
        image.draft("RGB", (1024, 1024))
        upright = ImageOps.exif_transpose(image)
        return np.asarray(_eight_bit(upright).convert("RGBA"))
    except (OSError, ValueError, SyntaxError, MemoryError):
        raise UploadError("This image is damaged; please choose another one.") from None


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey PNGs keep their upper byte; Pillow's own conversion would clip them to white."""
    if not image.mode.startswith("I"):
        return image
    levels = np.asarray(image).astype(np.int64) // 257
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))
