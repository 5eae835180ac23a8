"""Uploaded files: whatever is in them, the user gets an image or one sentence."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app.look.uploads import LARGEST_FILE, UploadError, read_image


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_any_kind_becomes_rgba(mode: str) -> None:
    pixels = read_image(encode(Image.new("RGB", (30, 20), "white").convert(mode)))
    assert pixels.shape == (20, 30, 4)
    assert pixels.dtype == np.uint8
    assert (pixels == 255).all()


def test_sixteen_bit_png_keeps_its_grey_levels() -> None:
    levels = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    assert read_image(encode(Image.fromarray(levels)))[0, :, 0].tolist() == [0, 100, 255]


def test_transparency_is_kept() -> None:
    assert read_image(encode(Image.new("RGBA", (4, 4), (9, 8, 7, 0))))[0, 0, 3] == 0


def test_jpeg_is_turned_upright_as_its_exif_says() -> None:
    image = Image.new("L", (40, 20), 255)
    image.paste(0, (0, 0, 20, 20))  # dark on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the picture must be turned clockwise
    upright = read_image(encode(image, "JPEG", exif=exif, quality=95))
    assert upright.shape == (40, 20, 4)
    assert upright[5, 10, 0] < 20
    assert upright[35, 10, 0] > 235


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a PNG or JPEG"),
        (b"just text", "not a PNG or JPEG"),
        (encode(Image.new("L", (9, 9)), "GIF"), "not a PNG or JPEG"),
        (encode(Image.effect_noise((99, 99), 50))[:2000], "damaged"),
        (encode(Image.effect_noise((99, 99), 50), "JPEG")[:900], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "not a PNG or JPEG|damaged"),
        (encode(Image.new("1", (8000, 6250))), "50 megapixels"),
        (encode(Image.new("1", (20000, 20000))), "too large"),
        (bytes(LARGEST_FILE + 1), r"5\.0 MB"),
    ],
)
def test_unusable_file_gets_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UploadError, match=sentence) as error:
        read_image(content)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")
