"""Uploaded files: whatever is in them, the user gets an image or one sentence."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.look.uploads import MOST_SCANS, SIDE, UploadError, read_image


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
        (encode(Image.new("1", (1, 25_000_000))), "25,000,000 pixels long"),
        (encode(Image.new("1", (10_001, 100))), "10,001 pixels long"),
        (bytes(5 * 1024**2 + 1), r"5\.0 MB"),
    ],
)
def test_unusable_file_gets_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UploadError, match=sentence) as error:
        read_image(content)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


# ---- metadata ----


def photo() -> Image.Image:
    """Dark on the left, light on the right."""
    image = Image.new("L", (40, 20), 255)
    image.paste(0, (0, 0, 20, 20))
    return image


def exif_with(*entries: tuple[int, int, int, bytes]) -> bytes:
    """An EXIF block: each entry has a tag, a type, a count, and four bytes of its value or the place of it."""
    block = b"II*\x00" + struct.pack("<IH", 8, len(entries))
    for tag, kind, count, value in entries:
        block += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\x00")[:4]
    return block + bytes(4)


ORIENTATION_6 = (0x0112, 3, 1, struct.pack("<H", 6))
WIDTH_IN_WORDS = (0x0100, 2, 4, b"4000")  # a text, where a number belongs
WIDTH_FROM_NOWHERE = (0x0100, 2, 5, b"\xff\xff\xff\x7f")  # said to stand behind the end


def in_jpeg(exif: bytes) -> bytes:
    content, block = encode(photo(), "JPEG", quality=95), b"Exif\x00\x00" + exif
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:]


def in_png(kind: bytes, data: bytes, *, checksum: int | None = None) -> bytes:
    content, header = encode(photo()), 8 + 25
    check = zlib.crc32(kind + data) if checksum is None else checksum
    return content[:header] + struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check) + content[header:]


@pytest.mark.parametrize("width", [WIDTH_IN_WORDS, WIDTH_FROM_NOWHERE], ids=["in words", "from nowhere"])
def test_odd_width_in_its_exif_does_not_keep_a_photo_from_being_turned(width: tuple[int, int, int, bytes]) -> None:
    exif = exif_with(width, ORIENTATION_6)
    for content in (in_jpeg(exif), in_png(b"eXIf", exif)):
        upright = read_image(content)
        assert upright.shape == (40, 20, 4)
        assert upright[5, 10, 0] < 20
        assert upright[35, 10, 0] > 235


@pytest.mark.parametrize(
    ("turn", "dark"),
    [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "low"), (8, "low")],
)
def test_every_orientation(turn: int, dark: str) -> None:
    upright = read_image(in_jpeg(exif_with((0x0112, 3, 1, struct.pack("<H", turn)))))[..., 0].astype(float)
    half = upright.shape[1] // 2 if dark in ("left", "right") else upright.shape[0] // 2
    first, second = (
        (upright[:, :half], upright[:, half:]) if dark in ("left", "right") else (upright[:half], upright[half:])
    )
    assert (first.mean() < second.mean()) == (dark in ("left", "top"))


def test_no_exif_block_decides_whether_a_picture_can_be_used() -> None:
    chance = random.Random(0)
    for _ in range(400):
        entries = [
            (
                chance.choice([0x0112, 0x0100, 0x0101, 0x011A, 0x8769, 0x8825, 0x0201, chance.randrange(2**16)]),
                chance.randrange(16),
                chance.choice([0, 1, 2, 5, 2**16, 2**32 - 1]),
                chance.randbytes(4),
            )
            for _ in range(chance.randrange(6))
        ]
        block = bytearray(exif_with(*entries))
        for _ in range(chance.randrange(4)):
            block[chance.randrange(len(block))] = chance.randrange(256)
        for content in (in_jpeg(bytes(block)), in_png(b"eXIf", bytes(block))):
            assert sorted(read_image(content).shape) == [4, 20, 40]


@pytest.mark.parametrize(
    "content",
    [
        in_png(b"tEXt", b"Comment\x00" + bytes(2 * 1024**2)),
        in_png(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(20 * 1024**2))),
        in_png(b"iCCP", b"no profile"),
        in_png(b"tIME", b"now", checksum=0),
        in_png(b"acTL", b"no animation"),
        encode(photo(), "JPEG", quality=95)[:2] + b"\xff\xe2\x00\x10MPF\x00no index.." + encode(photo(), "JPEG")[2:],
    ],
    ids=["long text", "text that unpacks to much", "profile", "wrong checksum", "animation", "several pictures"],
)
def test_damaged_metadata_is_ignored(content: bytes) -> None:
    assert read_image(content).shape == (20, 40, 4)


# ---- what it costs ----


def test_large_picture_is_reduced_to_what_a_digit_needs() -> None:
    image = Image.new("L", (5000, 3000), 255)
    image.paste(0, (0, 0, 2500, 3000))
    for kind in ("PNG", "JPEG"):
        pixels = read_image(encode(image, kind))
        height, width, _ = pixels.shape
        assert SIDE / 2 < width <= SIDE
        assert height == pytest.approx(width * 3 / 5, abs=1)
        assert pixels[height // 2, width // 4, 0] < 5
        assert pixels[height // 2, 3 * width // 4, 0] > 250


def test_transparent_parts_have_no_colour_when_they_are_reduced() -> None:
    pixels = np.zeros((3000, 3000, 4), np.uint8)
    pixels[:, ::2] = (255, 0, 0, 255)  # every second column opaque red, the others transparent black
    assert read_image(encode(Image.fromarray(pixels)))[5, 5].tolist() == pytest.approx([255, 0, 0, 128], abs=1)


def test_many_passes_over_the_pixels_are_refused_before_they_are_made() -> None:
    content = encode(Image.new("L", (5000, 5000), 255), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    assert 1 < content.count(b"\xff\xda") < MOST_SCANS
    read_image(content)
    before = time.process_time()
    with pytest.raises(UploadError, match="too many passes"):
        read_image(content[:-2] + scan * MOST_SCANS + content[-2:])
    assert time.process_time() - before < 0.1


PEAK = """
import io, resource, sys
from PIL import Image
from app.look.uploads import read_image
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
content = open(sys.argv[1], "rb").read()
small = io.BytesIO(); Image.new("RGBA", (900, 900)).save(small, "PNG"); read_image(small.getvalue())
before = peak(); read_image(content); print(peak() - before)
"""


@pytest.mark.parametrize(("mode", "size"), [("RGBA", 4), ("I;16", 2), ("P", 1)])
def test_full_size_copy_is_held_once(tmp_path: Path, mode: str, size: int) -> None:
    (tmp_path / "large").write_bytes(encode(Image.new(mode, (4000, 4000)), compress_level=1))
    command = [sys.executable, "-c", PEAK, str(tmp_path / "large")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=Path(__file__).parents[3])
    assert float(done.stdout) < 16 * size + 40  # megabytes: the copy, and what is made of it
