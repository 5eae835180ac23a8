"""Which pictures can be one digit on plain paper."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ram.data.drawing import DrawingError, check_is_drawing, prepare_drawing, prepare_placed_drawing
from ram.data.mnist import Digits
from tests.ram.data.pictures import RED, TWO, WHITE, YELLOW, difference, opaque, scan, strokes, transparent


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize("function", [prepare_drawing, check_is_drawing])
@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((28, 28), np.float32), "array is of type float32: it must be a NumPy array of uint8"),
        ([[0, 1]], "array is of type list"),
        (np.zeros((28, 28, 2), np.uint8), r"array has shape \(28, 28, 2\): it must be"),
        (np.zeros(28, np.uint8), r"array has shape \(28,\)"),
        (np.zeros((2, 28, 28, 3), np.uint8), r"array has shape \(2, 28, 28, 3\)"),
        (np.zeros((0, 28), np.uint8), r"array has shape \(0, 28\).*not empty"),
    ],
)
def test_wrong_arrays_are_refused(function: Callable[..., object], array: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(array)


@pytest.mark.parametrize(
    "picture",
    [
        strokes(),
        255 - strokes(),
        transparent(strokes(), RED),
        opaque(strokes(), YELLOW, WHITE),
        scan(strokes()),
        255 - scan(strokes()),
        np.rot90(scan(strokes())),
        scan(strokes(canvas=(1200, 900))),
        opaque(strokes(TWO, 276, 40, (2, 2))),
        np.asarray(Image.fromarray(opaque(strokes())).convert("RGBA").rotate(20, expand=True)),
    ],
)
def test_drawings_and_scans_are_accepted(picture: np.ndarray) -> None:
    check_is_drawing(picture)


def test_every_mnist_digit_is_accepted(training_digits: Digits) -> None:
    for digit in training_digits.images[:300].numpy():
        check_is_drawing(digit)


def photograph(kind: str) -> np.ndarray:
    random, (down, right) = np.random.default_rng(1), np.mgrid[:240, :320]
    if kind == "noise":
        return random.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    if kind == "blurred colours":
        colours = Image.fromarray(random.integers(0, 256, (8, 10, 3), dtype=np.uint8))
        return np.asarray(colours.resize((320, 240), Image.Resampling.BICUBIC))
    if kind == "gradient":
        return (255 * np.dstack([right / 320, down / 240, 1 - right / 320])).astype(np.uint8)
    land = (down > 120 + 20 * np.sin(right / 30))[..., None]
    return (np.where(land, (60, 120, 40), (120, 170, 230)) + random.normal(0, 12, (240, 320, 3))).astype(np.uint8)


@pytest.mark.parametrize("kind", ["noise", "blurred colours", "gradient", "landscape"])
def test_photographs_are_refused(kind: str) -> None:
    with pytest.raises(DrawingError, match="edges of this picture are not one plain colour"):
        check_is_drawing(photograph(kind))


def test_picture_full_of_ink_is_refused() -> None:
    full = np.full((100, 100), 255, np.uint8)
    full[10:90, 10:90] = 0
    with pytest.raises(DrawingError, match="Too much of this picture is covered"):
        check_is_drawing(full)


BARS = {  # tops, bottoms and sides of bars on a canvas of 280 pixels, and whether they are one thing
    "one bar": ([(50, 230, 130, 150)], True),
    "two digits": ([(50, 230, 60, 80), (50, 230, 160, 180)], False),
    "one just tall enough": ([(50, 230, 60, 80), (122, 230, 160, 180)], False),  # 108 of 180 pixels: 0.6
    "one too short": ([(50, 230, 60, 80), (123, 230, 160, 180)], True),
    "just wide enough": ([(50, 230, 60, 80), (50, 230, 121, 141)], False),  # 81 of 180 pixels: 0.45
    "too narrow": ([(50, 230, 60, 80), (50, 230, 120, 140)], True),
    "joined by a line": ([(50, 230, 60, 80), (50, 230, 160, 180), (140, 150, 60, 180)], True),
    "a bar above another": ([(50, 70, 60, 180), (210, 230, 60, 180)], True),
    "three": ([(50, 90, 40, 60), (50, 230, 120, 140), (50, 230, 200, 220)], False),
}


@pytest.mark.parametrize("name", BARS)
def test_two_tall_things_side_by_side_are_not_one(name: str) -> None:
    bars, is_one = BARS[name]
    canvas = np.zeros((280, 280), np.uint8)
    for top, bottom, left, right in bars:
        canvas[top:bottom, left:right] = 255
    assert prepare_placed_drawing(canvas).is_one == is_one
    if not is_one:
        with pytest.raises(DrawingError, match="more than one thing"):
            check_is_drawing(canvas)


@pytest.mark.parametrize("kinds", ["rows", "columns", "rows columns", "rows margin"])
def test_printed_lines_are_paper(kinds: str) -> None:
    plain = opaque(strokes(), ink=(40, 40, 70))
    paper = np.full_like(plain, 255)
    if "rows" in kinds:
        paper[7::25] = paper[8::25] = (120, 150, 215)
    if "columns" in kinds:
        paper[:, 11::25] = (120, 150, 215)
    if "margin" in kinds:
        paper[:, 30:32] = (225, 110, 110)
    printed = np.minimum(plain, paper)
    assert difference(prepare_drawing(printed), prepare_drawing(plain)) < 0.02
    check_is_drawing(printed)


@pytest.mark.parametrize("kinds", ["rows", "columns", "rows columns"])
@pytest.mark.parametrize("fall", [-28, -14, 14, 28])
def test_lines_of_tilted_paper_are_paper(kinds: str, fall: int) -> None:
    plain = opaque(strokes(), ink=(40, 40, 70))
    paper, side = np.full_like(plain, 255), len(plain)
    down, right = np.mgrid[:side, :side]
    for kind, across, along in (("rows", down, right), ("columns", right, down)):
        if kind in kinds:
            paper[np.floor(across - fall * along / side) % 25 < 2] = (120, 150, 215)
    printed = np.minimum(plain, paper)
    assert difference(prepare_drawing(printed), prepare_drawing(plain)) < 0.04
    check_is_drawing(printed)


def test_stroke_from_edge_to_edge_is_no_tilted_line() -> None:
    canvas = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(canvas).line([(0, 130), (279, 150)], 0, 16)
    placed = prepare_placed_drawing(np.asarray(canvas))
    assert placed.image.any()
    assert placed.centre == pytest.approx((0.5, 0.5), abs=0.01)
