"""Pictures of strokes on paper, for tests."""

import numpy as np
from PIL import Image, ImageDraw

BLACK, WHITE, RED, YELLOW = (0, 0, 0), (255, 255, 255), (220, 30, 30), (250, 230, 20)
SEVEN = [(0.0, 0.0), (0.6, 0.0), (0.25, 1.0)]
TWO = [(0.0, 0.2), (0.15, 0.02), (0.45, 0.02), (0.6, 0.25), (0.5, 0.5), (0.0, 1.0), (0.65, 1.0)]
ZERO = [(0.3 + 0.3 * np.sin(t), 0.5 - 0.5 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 40)]


def strokes(
    points: list[tuple[float, float]] = TWO,
    size: float = 160,
    brush: float = 20,
    at: tuple[float, float] = (80, 60),
    canvas: tuple[int, int] = (280, 280),
) -> np.ndarray:
    """Opacity of a stroke with round ends: `size` is its height with the brush, `at` the top-left of its box."""
    times = 4
    image = Image.new("L", (canvas[0] * times, canvas[1] * times))
    pen, radius = ImageDraw.Draw(image), brush / 2 * times
    left, top = (start + brush / 2 for start in at)
    corners = [(times * (left + x * (size - brush)), times * (top + y * (size - brush))) for x, y in points]
    pen.line(corners, fill=255, width=round(2 * radius))
    for x, y in corners:
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(image.reduce(times))


def transparent(opacity: np.ndarray, ink: tuple[int, int, int] = BLACK) -> np.ndarray:
    """As an HTML canvas without a background gives it."""
    return np.dstack([np.where(opacity[..., None] > 0, ink, 0).astype(np.uint8), opacity])


def opaque(opacity: np.ndarray, ink: tuple[int, int, int] = BLACK, paper: tuple[int, int, int] = WHITE) -> np.ndarray:
    part = opacity[..., None] / 255
    return (np.array(ink) * part + np.array(paper) * (1 - part)).round().astype(np.uint8)


def scan(opacity: np.ndarray, light: float = 0.4, noise: float = 6.0) -> np.ndarray:
    """A photographed page: paper texture, and light that falls off from left to right."""
    fall_off = 1 - light * np.linspace(0, 1, opacity.shape[1])[None, :, None]
    texture = np.random.default_rng(0).normal(0, noise, (*opacity.shape, 3))
    return (opaque(opacity, ink=(40, 40, 60), paper=(250, 245, 235)) * fall_off + texture).clip(0, 255).astype(np.uint8)


def difference(image: np.ndarray, other: np.ndarray) -> float:
    """The part of the ink that is elsewhere: two images without common ink differ by 1.

    A centre of mass near the middle between two pixels may be rounded to either: a shift by one is none.
    """
    shifts = [np.roll(image, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return float(min(np.abs(shifted - other).sum() for shifted in shifts) / (image.sum() + other.sum()))
