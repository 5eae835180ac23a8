from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ram.data.drawing import DrawingError, check_is_drawing, prepare_drawing, prepare_placed_drawing
from ram.data.mnist import Digits
from ram.data.strokes import stroke_width
from tests.ram.data.pictures import (
    BLACK,
    RED,
    SEVEN,
    TWO,
    WHITE,
    YELLOW,
    ZERO,
    difference,
    opaque,
    scan,
    strokes,
    transparent,
)


def box(image: np.ndarray) -> tuple[int, int]:
    """Height and width of the ink."""
    return int(np.ptp(np.flatnonzero(image.any(axis=1)))) + 1, int(np.ptp(np.flatnonzero(image.any(axis=0)))) + 1


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    places = np.arange(28)
    return float(image.sum(axis=1) @ places / image.sum()), float(image.sum(axis=0) @ places / image.sum())


@pytest.mark.parametrize("points", [SEVEN, TWO, ZERO])
def test_drawing_has_the_size_place_and_grey_levels_of_mnist(points: list[tuple[float, float]]) -> None:
    image = prepare_drawing(transparent(strokes(points)))
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == pytest.approx(1, abs=0.01)
    assert max(box(image)) == 20
    assert np.abs(np.subtract(centre_of_mass(image), 14)).max() <= 0.51
    greys = image[image > 0]
    assert (greys > 0.9).mean() > 0.35
    assert (greys < 0.5).mean() > 0.1


def test_aspect_is_kept() -> None:
    opacity = np.zeros((280, 280), np.uint8)
    opacity[50:250, 100:160] = 255
    # 200 by 60 pixels become 20 by 6: twice the area over the perimeter is 240 / 52 = 4.6, and 3.5 is wanted.
    # Taking r = 20 * (4.6 - 3.5) / (20 - 3.5) / 2 = 0.67 off each side leaves 18.7 by 4.7, enlarged 20 by 5.
    assert box(prepare_drawing(opacity)) == (20, 5)


def test_centre_of_mass_and_not_the_box_is_centred() -> None:
    opacity = np.zeros((100, 100), np.uint8)
    opacity[10:90, 40:50] = 255
    opacity[10:26, 20:70] = 255
    image = prepare_drawing(opacity)
    rows = np.flatnonzero(image.any(axis=1))
    assert (rows[0] + rows[-1]) / 2 > 15
    assert centre_of_mass(image)[0] == pytest.approx(14, abs=0.51)


def test_nothing_is_cut_off_when_the_mass_is_at_one_end() -> None:
    opacity = np.zeros((240, 240), np.uint8)
    opacity[20:220, 100:112] = 255
    opacity[20:60, 20:200] = 255
    image = prepare_drawing(opacity)
    assert max(box(image)) == 20


def test_mnist_digits_stay_what_they_are(training_digits: Digits) -> None:
    digits = training_digits.images[:100].numpy()
    again = np.stack([prepare_drawing(digit) for digit in digits])
    assert np.mean([difference(a, d / 255) for a, d in zip(again, digits, strict=True)]) < 0.15
    assert again.mean() == pytest.approx((digits / 255).mean(), rel=0.05)


@pytest.mark.parametrize(
    "picture",
    [
        transparent(strokes(), WHITE),
        transparent(strokes(), RED),
        strokes(),
        255 - strokes(),
        opaque(strokes()),
        opaque(strokes(), WHITE, BLACK),
        opaque(strokes(), RED, WHITE),
        opaque(strokes(), RED, BLACK),
        opaque(strokes(), YELLOW, WHITE),
        opaque(strokes(), YELLOW, BLACK),
        opaque(strokes(), (60, 60, 60), (110, 110, 110)),
        np.dstack([opaque(strokes(), WHITE, (20, 20, 30)), np.full((280, 280), 255, np.uint8)]),
    ],
)
def test_ink_and_paper_of_any_colour_give_the_same_image(picture: np.ndarray) -> None:
    assert difference(prepare_drawing(picture), prepare_drawing(transparent(strokes()))) < 0.02


def test_hidden_colour_of_transparent_pixels_does_not_count() -> None:
    picture = transparent(strokes())
    hidden = picture.copy()
    hidden[..., :3][hidden[..., 3] == 0] = np.random.default_rng(0).integers(0, 256, 3)
    np.testing.assert_array_equal(prepare_drawing(hidden), prepare_drawing(picture))


def test_scan_on_a_transparent_margin_is_read_as_the_scan() -> None:
    page = Image.fromarray(opaque(strokes())).convert("RGBA").rotate(8, Image.Resampling.BICUBIC, expand=True)
    plain = Image.fromarray(strokes()).rotate(8, Image.Resampling.BICUBIC, expand=True)
    assert difference(prepare_drawing(np.asarray(page)), prepare_drawing(np.asarray(plain))) < 0.04


@pytest.mark.parametrize(
    ("size", "brush", "at"),
    [
        (40, 5, (3, 2)),
        (40, 5, (230, 235)),
        (80, 10, (10, 190)),
        (160, 12, (60, 60)),
        (160, 32, (60, 60)),
        (272, 34, (4, 4)),
    ],
)
def test_size_place_and_brush_hardly_matter(size: float, brush: float, at: tuple[float, float]) -> None:
    image = prepare_drawing(transparent(strokes(TWO, size, brush, at)))
    assert difference(image, prepare_drawing(transparent(strokes(TWO)))) < 0.2


@pytest.mark.parametrize(("size", "brush"), [(270, 4), (260, 12), (160, 20), (100, 28), (60, 16)])
@pytest.mark.parametrize("points", [SEVEN, TWO, ZERO])
def test_strokes_come_out_as_wide_as_in_mnist(points: list[tuple[float, float]], size: float, brush: float) -> None:
    image = prepare_drawing(transparent(strokes(points, size, brush, (5, 5))))
    assert 1.6 < stroke_width(image) < 3.8
    assert (image[image > 0] > 0.9).mean() > 0.3


def test_thick_stroke_keeps_its_loop_and_thin_stroke_its_unity() -> None:
    for size, brush in ((100, 24), (260, 3)):
        image = prepare_drawing(transparent(strokes(ZERO, size, brush, (10, 10))))
        row, column = (round(place) for place in centre_of_mass(image))
        assert image[row, column] < 0.2
        # From the middle, every one of the four ways out meets the ring.
        for ray in (image[:row, column], image[row:, column], image[row, :column], image[row, column:]):
            assert ray.max() > 0.7


def test_stroke_width_of_a_bar() -> None:
    bar = np.zeros((40, 40), np.float32)
    bar[5:35, 10:14] = 1
    # Twice the area over the perimeter: 2 * 30 * 4 / 68, and the corner's slope counts once.
    assert stroke_width(bar) == pytest.approx(240 / (68 - 2 + 2**0.5), rel=1e-6)


@pytest.mark.parametrize("diameter", [3, 12, 28, 90])
def test_dot_becomes_a_dot(diameter: int) -> None:
    image = prepare_drawing(transparent(strokes([(0, 0), (0, 0)], diameter, diameter, (100, 30))))
    assert box(image) == (3, 3)
    assert image[14, 14] == pytest.approx(1)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((280, 280, 4), np.uint8),
        np.full((280, 280, 4), (255, 0, 0, 0), np.uint8),
        np.full((280, 280, 4), (255, 0, 0, 255), np.uint8),
        np.full((50, 30, 3), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((300, 300), 200, np.uint8) + np.random.default_rng(0).integers(0, 20, (300, 300), dtype=np.uint8),
    ],
)
def test_blank_painted_and_transparent_pictures_are_empty(picture: np.ndarray) -> None:
    assert not prepare_drawing(picture).any()
    with pytest.raises(DrawingError, match="nothing drawn"):
        check_is_drawing(picture)


def test_specks_do_not_move_the_digit() -> None:
    opacity = strokes(at=(100, 60))
    dusty = opacity.copy()
    for row, column in ((3, 5), (270, 12), (20, 260), (266, 266)):
        dusty[row : row + 6, column : column + 6] = 255
    np.testing.assert_array_equal(prepare_drawing(opaque(dusty)), prepare_drawing(opaque(opacity)))


def test_separate_stroke_of_a_digit_is_kept() -> None:
    opacity = strokes([(0, 0), (0, 1)], 160, 16, (60, 60)).copy()
    opacity[60:76, 110:150] = 255
    assert box(prepare_drawing(opacity))[1] > 8


@pytest.mark.parametrize("make", [scan, lambda opacity: 255 - scan(opacity)])
@pytest.mark.parametrize("canvas", [(280, 280), (900, 700)])
def test_uneven_light_and_texture_hardly_matter(
    make: Callable[[np.ndarray], np.ndarray], canvas: tuple[int, int]
) -> None:
    opacity = strokes(canvas=canvas)
    assert difference(prepare_drawing(make(opacity)), prepare_drawing(opacity)) < 0.08


def test_jpeg_hardly_matters(tmp_path: Path) -> None:
    Image.fromarray(opaque(strokes())).save(tmp_path / "digit.jpg", quality=30)
    image = prepare_drawing(np.asarray(Image.open(tmp_path / "digit.jpg")))
    assert difference(image, prepare_drawing(strokes())) < 0.05


def test_small_digit_on_a_large_page_is_read_from_near() -> None:
    page = np.full((1500, 2000), 255, np.uint8)
    page[1000:1080, 1500:1580] -= strokes(TWO, 70, 9, (5, 5), (80, 80))
    assert difference(prepare_drawing(page), prepare_drawing(strokes(TWO, 70, 9, (5, 5), (80, 80)))) < 0.03


def test_hairline_on_a_large_page_does_not_come_out_grey() -> None:
    image = prepare_drawing(strokes(ZERO, 1400, 6, (50, 50), (1500, 1500)))
    assert (image[image > 0] > 0.9).mean() > 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 3), (500, 3), (28, 28)])
def test_ink_in_any_shape_of_picture_gives_an_image(shape: tuple[int, int]) -> None:
    for seed in range(5):
        picture = np.random.default_rng(seed).integers(0, 256, (*shape, 4), dtype=np.uint8)
        image = prepare_drawing(picture)
        assert np.isfinite(image).all()
        assert 0 <= image.min() <= image.max() <= 1


def test_place_is_the_centre_of_mass_of_the_ink() -> None:
    canvas = np.zeros((280, 280), np.uint8)
    canvas[30:50, 70:90] = 255  # its middle is at row 40 and column 80
    assert prepare_placed_drawing(canvas).centre == pytest.approx((80 / 280, 40 / 280))
    canvas[230:250, 70:90] = 255  # as much again, 200 pixels below
    assert prepare_placed_drawing(canvas).centre == pytest.approx((80 / 280, 140 / 280))


def test_place_goes_by_the_whole_picture_even_where_it_is_looked_at_from_near() -> None:
    page = np.full((600, 1200), 255, np.uint8)
    page[100:160, 900:960] = 0
    assert prepare_placed_drawing(page).centre == pytest.approx((930 / 1200, 130 / 600), abs=0.002)


def test_placed_drawing_is_the_prepared_drawing() -> None:
    drawing = strokes(at=(20, 90), size=80, brush=8)
    assert np.array_equal(prepare_placed_drawing(drawing).image, prepare_drawing(drawing))
    blank = prepare_placed_drawing(np.zeros((280, 280), np.uint8))
    assert not blank.image.any()
    assert blank.centre == (0.5, 0.5)


def test_argument_is_left_as_it_was() -> None:
    picture = transparent(strokes())
    before = picture.copy()
    prepare_drawing(picture)
    np.testing.assert_array_equal(picture, before)


def test_paper_around_a_drawing_changes_nothing() -> None:
    drawing = opaque(strokes(TWO, at=(40, 40), canvas=(240, 240)))
    framed = np.pad(drawing, ((12, 28), (4, 36), (0, 0)), constant_values=255)
    image, centre, _ = prepare_placed_drawing(drawing)
    framed_image, framed_centre, _ = prepare_placed_drawing(framed)
    assert np.array_equal(framed_image, image)
    # The centre is as many pixels further from the corner, of 280 instead of 240.
    assert framed_centre[0] * 280 == pytest.approx(centre[0] * 240 + 4, abs=1e-4)
    assert framed_centre[1] * 280 == pytest.approx(centre[1] * 240 + 12, abs=1e-4)


@pytest.mark.parametrize("at", [(0, 0), (119, 119), (61, 3)])
def test_opaque_drawing_is_prepared_alike_with_and_without_its_opacity(at: tuple[float, float]) -> None:
    drawing = opaque(strokes(SEVEN, at=at))
    with_opacity = np.dstack([drawing, np.full(drawing.shape[:2], 255, np.uint8)])
    for array in (with_opacity, np.asfortranarray(with_opacity)):
        assert np.array_equal(prepare_drawing(array), prepare_drawing(drawing))


def test_stroke_that_reaches_one_edge_is_no_printed_line() -> None:
    picture = np.full((280, 280), 255, np.uint8)
    picture[60:64, 0:200] = 0
    assert prepare_drawing(picture).any()
