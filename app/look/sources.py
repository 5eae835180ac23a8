"""Where a picture comes from: the canvas, an uploaded file or the MNIST test digits."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from app.look.digit_reader import ReadDigit, read_digit, understood
from app.look.picture import DRAWING, UPLOAD, Picture
from app.look.uploads import UploadError, is_quick
from app.server import allowance
from app.server.helper import Helper, HelperBusyError, HelperError, HelperTimeoutError
from app.server.one_at_a_time import elsewhere
from ram.data.drawing import prepare_placed_drawing
from ram.data.mnist import Digits, as_floats

_log = logging.getLogger(__name__)
READER = Helper("app.look.digit_reader")


def drawn_picture(levels: npt.NDArray[np.uint8]) -> Picture | None:
    """What was drawn on the canvas, grey levels (height, width); None if there is no ink."""
    image, place, is_one = prepare_placed_drawing(levels)
    return Picture(image, DRAWING, place, is_one=is_one) if image.any() else None


def uploaded_picture(content: bytes, reader: Helper = READER) -> Picture:
    """The digit in an uploaded file.

    Args:
        content: of the file.
        reader: reads what takes long.

    Raises:
        UploadError: the file is not an image of one digit; the message is one sentence for the user.
    """
    image, place = read_digit(content) if is_quick(content) else _read_aside(content, reader)
    return Picture(image, UPLOAD, place)


def _read_aside(content: bytes, reader: Helper) -> ReadDigit:
    """Lets another process read it: decoding takes up to a second, and 100 MB that are cleared under Python's lock."""
    try:
        with elsewhere():
            answer = reader.ask(content)
    except HelperError as error:
        allowance.charge_aside(error.seconds)
        _log.warning("An upload of %d bytes could not be read: %s", len(content), error)
        raise UploadError(_sentence(error)) from None
    allowance.charge_aside(answer.seconds)
    return understood(answer.content)


def _sentence(error: HelperError) -> str:
    match error:
        case HelperBusyError():
            return "Other images are being read just now; please try again in a moment."
        case HelperTimeoutError():
            return "This image takes too long to read; please choose a smaller one."
    return "This image could not be read; please choose another one."


def digit_picture(digits: Digits, position: int) -> Picture:
    """One of the test digits as a picture."""
    image = as_floats(digits.images[position]).numpy()
    return Picture(image, f"MNIST {name_of(digits, position)}", test_digit=position)


def name_of(digits: Digits, position: int) -> str:
    """A test digit in words, such as "test digit 61, an 8"."""
    label = int(digits.labels[position])
    return f"test digit {position}, {'an' if label == 8 else 'a'} {label}"
