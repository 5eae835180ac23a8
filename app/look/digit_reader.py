"""Reads the digit in an uploaded file; run as a process (`app/server/helper.py`), it does so for the server.

A process starts in a fifth of a second, because nothing here needs PyTorch or Streamlit.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.look.uploads import UploadError, read_image
from app.server.helper import serve
from app.server.limits import MB, read_limits
from ram.data.drawing import DrawingError, check_is_drawing, prepare_placed_drawing

A_PIXEL = 12  # bytes that decoding takes: the pixel, and the coefficients of a progressive JPEG
BESIDE = 150 * MB  # bytes for what is made of the pixels


class ReadDigit(NamedTuple):
    """The digit in a file."""

    image: npt.NDArray[np.float32]
    """(28, 28), in MNIST's form."""
    place: tuple[float, float]
    """(x, y) of the ink's centre of mass, from (0, 0), the picture's top-left corner, to (1, 1)."""


def read_digit(content: bytes) -> ReadDigit:
    """Finds it.

    Raises:
        UploadError: the file is not an image of one digit; the message is one sentence for the user.
    """
    pixels = read_image(content)
    try:
        check_is_drawing(pixels)
    except DrawingError as error:
        raise UploadError(str(error)) from error
    image, place, _ = prepare_placed_drawing(pixels)
    return ReadDigit(image, place)


def told(content: bytes) -> bytes:
    """What the process says of a file: the digit, or why there is none, as JSON."""
    try:
        image, place = read_digit(content)
    except UploadError as error:
        return json.dumps({"problem": str(error)}).encode()
    return json.dumps({"image": image.tolist(), "place": place}).encode()


def understood(said: bytes) -> ReadDigit:
    """The digit of which the process has told.

    Raises:
        UploadError: there is none.
    """
    answer = json.loads(said)
    if "problem" in answer:
        raise UploadError(answer["problem"])
    x, y = answer["place"]
    return ReadDigit(np.array(answer["image"], np.float32), (x, y))


if __name__ == "__main__":
    serve(told, memory=round(read_limits().most_megapixels * 1e6) * A_PIXEL + BESIDE)
