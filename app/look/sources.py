"""Where a picture comes from: the canvas, an uploaded file or the MNIST test digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.look.picture import DRAWING, UPLOAD, Picture
from app.look.uploads import UploadError, read_image
from ram.data.drawing import DrawingError, check_is_drawing, prepare_placed_drawing
from ram.data.mnist import Digits, as_floats


def drawn_picture(pixels: npt.NDArray[np.uint8]) -> Picture | None:
    """What was drawn on the canvas, (height, width, 4) RGBA; None if there is no ink."""
    image, place, is_one = prepare_placed_drawing(pixels)
    return Picture(image, DRAWING, place, is_one=is_one) if image.any() else None


def uploaded_picture(content: bytes) -> Picture:
    """The digit in an uploaded file.

    Raises:
        UploadError: the file is not an image of one digit; the message is one sentence for the user.
    """
    pixels = read_image(content)
    try:
        check_is_drawing(pixels)
    except DrawingError as error:
        raise UploadError(str(error)) from error
    image, place, _ = prepare_placed_drawing(pixels)
    return Picture(image, UPLOAD, place)


def digit_picture(digits: Digits, position: int) -> Picture:
    """One of the test digits as a picture."""
    image = as_floats(digits.images[position]).numpy()
    return Picture(image, f"MNIST {name_of(digits, position)}", test_digit=position)


def name_of(digits: Digits, position: int) -> str:
    """A test digit in words, such as "test digit 61, an 8"."""
    label = int(digits.labels[position])
    return f"test digit {position}, {'an' if label == 8 else 'a'} {label}"
