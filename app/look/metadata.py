"""What an image file says beside its pixels: left out before anything is decoded, except which side is up.

Cameras, scanners and editors write metadata in every form, and image libraries fail on some of them. Without it, a
picture can be used whenever its pixels can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # the chunks that decide what a PNG looks like
_APP0, _APP1, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE  # markers of a JPEG's segments ...
_NEEDED = (_APP0, _APP14)  # ... of which these two tell how colours are stored
_SCAN = 0xDA
_BARE = (0x01, *range(0xD0, 0xD9))  # markers without content
_EXIF_HEADER = b"Exif\x00\x00"
_BYTE_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"II": "little", b"MM": "big"}
_ORIENTATION = 0x0112
_WHOLE_NUMBERS = {1: 1, 3: 2, 4: 4}  # types of an entry, and the bytes of a value


def without_metadata(content: bytes) -> bytes:
    """The same PNG or JPEG with nothing in it but its pixels; any other content as it is."""
    if content.startswith(PNG):
        return PNG + b"".join(chunk for kind, chunk in _chunks(content) if kind in _PIXELS)
    if content.startswith(JPEG):
        return JPEG + b"".join(segment for kind, segment in _segments(content) if _is_of_pixels(kind))
    return content


def orientation(content: bytes) -> int:
    """How a PNG or JPEG has to be turned to be upright, from 1 to 8 as EXIF counts; 1, as it is, if it does not say."""
    exif = _exif(content).removeprefix(_EXIF_HEADER)
    order = _BYTE_ORDERS.get(exif[:2])
    if order is None:
        return 1
    start = int.from_bytes(exif[4:8], order)
    entries = int.from_bytes(exif[start : start + 2], order)
    # The one entry that matters, read here: a library that reads all of them fails on what is odd in the others.
    for at in range(start + 2, min(start + 2 + 12 * entries, len(exif)), 12):
        tag, kind = (int.from_bytes(exif[place : place + 2], order) for place in (at, at + 2))
        if tag == _ORIENTATION and kind in _WHOLE_NUMBERS:
            turn = int.from_bytes(exif[at + 8 : at + 8 + _WHOLE_NUMBERS[kind]], order)
            return turn if 1 <= turn <= 8 else 1
    return 1


def count_scans(content: bytes) -> int:
    """How often a JPEG goes over its pixels, at most: a progressive one does so about ten times."""
    # Inside a scan, the byte 0xFF is always followed by 0 or by the number of a restart.
    return content.count(bytes((0xFF, _SCAN))) if content.startswith(JPEG) else 1


def _exif(content: bytes) -> bytes:
    """The first EXIF block, with or without its heading; empty if there is none."""
    if content.startswith(PNG):
        return next((chunk[8:-4] for kind, chunk in _chunks(content) if kind == b"eXIf"), b"")
    blocks = (segment[4:] for kind, segment in _segments(content) if kind == _APP1)
    return next((block for block in blocks if block.startswith(_EXIF_HEADER)), b"")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk of a PNG, up to the first that is cut off: its kind, and the whole of it."""
    start = len(PNG)
    while start + 12 <= len(content):
        end = start + 12 + int.from_bytes(content[start : start + 4])
        yield content[start + 4 : start + 8], content[start:end]
        start = end


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Every segment of a JPEG before its first scan, and then all the rest as one: its marker, and the whole of it."""
    start = len(JPEG)
    while start + 4 <= len(content) and content[start] == 0xFF:
        kind = content[start + 1]
        if kind == 0xFF:  # padding
            start += 1
            continue
        if kind == _SCAN:
            break
        end = start + 2 if kind in _BARE else start + 2 + int.from_bytes(content[start + 2 : start + 4])
        yield kind, content[start:end]
        start = end
    yield _SCAN, content[start:]


def _is_of_pixels(kind: int) -> bool:
    return kind in _NEEDED or not (_APP0 <= kind <= _APP15 or kind == _COMMENT)
