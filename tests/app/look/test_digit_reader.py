"""Uploads that take long are read by another process: it says the same, and the server computes nothing for it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.look.digit_reader import ReadDigit, read_digit, told, understood
from app.look.sources import uploaded_picture
from app.look.uploads import QUICK_BYTES, UploadError, is_quick
from app.server import allowance
from app.server.helper import Helper


def one(side: int, mode: str = "RGBA") -> Image.Image:
    """A digit to the left of the middle."""
    image = Image.new(mode, (side, side), "white")
    ImageDraw.Draw(image).line([(0.4 * side, 0.2 * side), (0.4 * side, 0.8 * side)], fill="black", width=side // 15)
    return image


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


@pytest.fixture
def reader() -> Iterator[Helper]:
    reader = Helper("app.look.digit_reader")
    yield reader
    reader.close()


@pytest.mark.parametrize(
    ("content", "quick"),
    [
        (encode(one(700)), True),
        (encode(one(710)), False),
        (encode(one(700, "L"), "JPEG"), True),
        (encode(one(700, "L"), "JPEG", progressive=True), False),  # several times over all pixels
        (encode(one(200, "L"), "JPEG", progressive=True), True),
        (b"no image", True),  # refused at once
        (encode(one(200))[:40], True),
        (encode(Image.new("1", (8000, 6250))), True),
        (bytes(QUICK_BYTES + 1), False),  # not even looked into
    ],
)
def test_what_takes_long_is_known_before_it_is_read(content: bytes, quick: bool) -> None:
    before = time.thread_time()
    assert is_quick(content) == quick
    assert time.thread_time() - before < 0.05


def test_largest_picture_is_read_as_any_other_and_costs_the_server_nothing(
    reader: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged: list[float] = []
    monkeypatch.setattr(allowance._allowances, "charge", lambda _session, seconds, _now: charged.append(seconds))
    content = encode(one(5000), compress_level=1)
    with allowance.kept():  # what this thread has computed before
        pass
    before = time.thread_time()
    with allowance.kept():
        picture = uploaded_picture(content, reader)
    assert time.thread_time() - before < 0.05
    assert charged[-1] > 0.05  # and who asked pays for it
    expected = read_digit(content)
    assert np.array_equal(picture.image, expected.image)
    assert picture.image.dtype == expected.image.dtype
    assert picture.place == expected.place == pytest.approx((0.4, 0.5), abs=0.01)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (encode(Image.new("L", (3000, 3000), 255)), "nothing drawn"),
        (encode(Image.effect_noise((800, 800), 90)), "not one plain colour"),
        (encode(Image.effect_noise((800, 800), 90))[:200_000], "damaged"),
        (bytes(QUICK_BYTES + 1), "not a PNG or JPEG"),
        (bytes(5 * 1024**2 + 1), r"5\.0 MB"),
        (b"\xff\xd8" + b"\xff\xe1\x00\x02" * 500_000, "not a PNG or JPEG"),
    ],
    ids=["blank", "photo", "cut", "no image", "too large", "a million pieces"],
)
def test_refusal_is_the_same_sentence(reader: Helper, content: bytes, sentence: str) -> None:
    assert not is_quick(content)
    before = time.thread_time()
    with pytest.raises(UploadError, match=sentence) as error:
        uploaded_picture(content, reader)
    assert time.thread_time() - before < 0.1
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_what_is_told_is_understood() -> None:
    content = encode(one(60))
    digit = understood(told(content))
    assert isinstance(digit, ReadDigit)
    assert np.array_equal(digit.image, read_digit(content).image)
    with pytest.raises(UploadError, match="not a PNG"):
        understood(told(b""))


@pytest.mark.parametrize(
    ("module", "does"), [("no_such_helper", b""), ("odd_helper", b"die "), ("odd_helper", b"fail ")]
)
def test_reader_that_does_not_read_is_a_sentence_and_a_line_in_the_log(
    module: str, does: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Helper(f"tests.app.server.{module}")
    with pytest.raises(UploadError, match=r"could not be read; please choose another one\.$"):
        uploaded_picture(does + bytes(QUICK_BYTES + 1), reader)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    reader.close()
