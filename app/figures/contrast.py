"""Which of two text colours reads better on a coloured ground."""

from __future__ import annotations

import functools

from app.look.light import DARK_FIELD

DARK, LIGHT = DARK_FIELD, "#ffffff"


def text_on(background: str) -> str:
    """The text colour, as #rrggbb, with the higher contrast on an opaque `background` (WCAG 2.2, #rrggbb)."""
    ground = _luminance(background) + 0.05
    against_light, against_dark = (_luminance(LIGHT) + 0.05) / ground, ground / (_luminance(DARK) + 0.05)
    return LIGHT if against_light > against_dark else DARK


def blend(start: str, end: str, share: float) -> str:
    """The colour `share` (0 to 1) of the way from one #rrggbb to another, in sRGB as browsers mix it."""
    pairs = zip(bytes.fromhex(start[1:]), bytes.fromhex(end[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@functools.lru_cache(maxsize=4096)
def _luminance(color: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(color)]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(color: str) -> list[float]:
    return [byte / 255 for byte in bytes.fromhex(color[1:])]
