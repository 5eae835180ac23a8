"""What a model gets: the digit in its field, and the clutter about it."""

from __future__ import annotations

import numpy as np
import pytest

from app.look.field import Arrangement, Field, field_of
from app.look.layout import corner
from app.look.layout import lay_out as lay_out_with
from app.look.picture import Picture
from app.look.scene import Floats
from app.look.sources import digit_picture
from app.server.models import test_digits as all_test_digits
from app.views.field_view import stroke_width
from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig

PLAIN, SIXTY, HUNDRED, CLUTTERED = Field(), Field(60), Field(100), Field(60, 4)


def lay_out(picture: Picture | None, field: Field, arrangement: Arrangement) -> Floats:
    """The image among clutter that is cut from the test digits."""
    return lay_out_with(picture, field, arrangement, all_test_digits())


def dot(place: tuple[float, float] | None) -> Picture:
    """A drawing with one pixel of ink, at (14, 14), which is where the centre of mass is."""
    image = np.zeros((28, 28), np.float32)
    image[14, 14] = 1
    return Picture(image, "your drawing", place)


def ink(image: Floats) -> list[tuple[int, int]]:
    """(x, y) of every pixel with ink."""
    rows, columns = image.nonzero()
    return list(zip(columns.tolist(), rows.tolist(), strict=True))


def test_model_of_plain_digits_gets_the_digit_itself_whatever_is_wanted() -> None:
    digit = np.random.default_rng(0).random((28, 28), np.float32)
    picture = Picture(digit, "your drawing", (0.1, 0.9))
    image = lay_out(picture, PLAIN, Arrangement("yes", clutter_seed=3, place_seed=2))
    assert image.tobytes() == digit.tobytes()
    assert image.dtype == np.float32


@pytest.mark.parametrize(
    ("field", "place", "pixel"),
    [
        (SIXTY, (0.25, 0.75), (15, 45)),
        (SIXTY, (0.5, 0.5), (30, 30)),
        (HUNDRED, (0.25, 0.75), (25, 75)),
        (SIXTY, (0.0, 0.0), (14, 14)),  # the digit's 28 pixels begin at the border, 14 before its centre
        (SIXTY, (1.0, 1.0), (46, 46)),  # and end there: 60 - 28 + 14
        (SIXTY, (0.01, 0.5), (14, 30)),
    ],
)
def test_drawing_lies_where_it_was_drawn_but_wholly_inside(
    field: Field, place: tuple[float, float], pixel: tuple[int, int]
) -> None:
    image = lay_out(dot(place), field, Arrangement())
    assert image.shape == (field.side, field.side)
    assert ink(image) == [pixel]


def test_moved_drawing_lies_elsewhere_and_the_same_seed_brings_it_back_there() -> None:
    places = [corner(dot((0.5, 0.5)), SIXTY, spot) for spot in range(20)]
    assert places[0] == (16, 16)
    assert len(set(places)) > 15
    assert all(0 <= left <= 32 and 0 <= top <= 32 for left, top in places)
    assert places == [corner(dot((0.5, 0.5)), SIXTY, spot) for spot in range(20)]


def test_test_digits_lie_at_places_of_their_own_alike_in_every_field() -> None:
    digits = [Picture(np.zeros((28, 28), np.float32), "", test_digit=position) for position in range(300)]
    small = np.array([corner(digit, SIXTY, 0) for digit in digits])
    large = np.array([corner(digit, HUNDRED, 0) for digit in digits])
    # 33 places along an axis, all of them, and the same share of the room in a field of 73.
    assert set(small[:, 0]) == set(small[:, 1]) == set(range(33))
    assert np.abs((small + 0.5) / 33 - (large + 0.5) / 73).max() < 0.5 / 33 + 0.5 / 73
    assert corner(digits[7], SIXTY, 1) != corner(digits[7], SIXTY, 0)


def test_test_digit_is_the_datasets_own() -> None:
    picture = digit_picture(all_test_digits(), 17)
    assert (picture.image * 255).round().astype(np.uint8).tolist() == all_test_digits().images[17].tolist()
    assert picture.origin == "MNIST test digit 17, a 7"
    left, top = corner(picture, SIXTY, 0)
    image = lay_out(picture, SIXTY, Arrangement())
    assert np.array_equal(image[top : top + 28, left : left + 28], picture.image)
    assert image.sum() == picture.image.sum()


@pytest.mark.parametrize(
    ("field", "clutter", "pieces"),
    [
        (PLAIN, "trained", 0),
        (PLAIN, "yes", 0),
        (SIXTY, "trained", 0),
        (SIXTY, "yes", 4),
        (HUNDRED, "yes", 8),
        (Field(29), "yes", 1),
        (CLUTTERED, "trained", 4),
        (CLUTTERED, "yes", 4),
        (CLUTTERED, "no", 0),
        (Field(60, 9), "trained", 9),
        (Field(28, 2), "trained", 2),
        (Field(28, 2), "no", 0),
    ],
)
def test_as_many_pieces_of_clutter_as_in_training_or_as_in_the_paper(field: Field, clutter: str, pieces: int) -> None:
    assert Arrangement(clutter).count_pieces(field) == pieces  # type: ignore[arg-type]


def test_clutter_lies_over_the_digit_at_places_that_follow_from_the_seed() -> None:
    picture = Picture(np.full((28, 28), 0.5, np.float32), "your drawing", (0.5, 0.5))
    bare, first, again, other = (
        lay_out(picture, SIXTY, arrangement)
        for arrangement in (Arrangement(), Arrangement("yes"), Arrangement("yes"), Arrangement("yes", clutter_seed=1))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    for image in (first, other):
        changed = image != bare
        assert 0 < changed.sum() <= 4 * 64
        assert (image[changed] > bare[changed]).all()  # adds to the digit, and erases nothing


def test_clutter_stays_where_it_is_while_somebody_draws_and_the_digit_moves() -> None:
    clutter = lay_out(None, CLUTTERED, Arrangement())
    assert clutter.any()
    for picture, spot in ((dot((0.2, 0.2)), 0), (dot((0.9, 0.4)), 0), (dot((0.9, 0.4)), 5)):
        assert (lay_out(picture, CLUTTERED, Arrangement(place_seed=spot)) != clutter).sum() <= 1


def test_test_digits_lie_among_clutter_of_their_own() -> None:
    blank = np.zeros((28, 28), np.float32)
    first, second = (lay_out(Picture(blank, "", test_digit=digit), CLUTTERED, Arrangement()) for digit in (0, 1))
    assert not np.array_equal(first, second)


def test_without_a_picture_the_field_is_empty() -> None:
    assert not lay_out(None, HUNDRED, Arrangement()).any()


def info(side: int, recipe: dict[str, object]) -> CheckpointInfo:
    return CheckpointInfo(RAMConfig(), side, recipe, {})


@pytest.mark.parametrize(
    ("side", "recipe", "field"),
    [
        (28, {}, PLAIN),  # trained before there were larger images
        (60, {"image_size": 60, "clutter": 4}, CLUTTERED),
        (60, {"clutter": 0}, SIXTY),
        (256, {}, Field(256)),
        *((60, {"clutter": nonsense}, SIXTY) for nonsense in (True, -1, 65, "4", 4.0, None, [4])),
    ],
)
def test_field_of_a_checkpoint(side: int, recipe: dict[str, object], field: Field) -> None:
    assert field_of(info(side, recipe), "it") == field


@pytest.mark.parametrize("side", [1, 27, 257, 1024])
def test_field_that_cannot_be_made_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match=rf"^mine is for images of {side} pixels a side, not of 28 to 256$"):
        field_of(info(side, {}), "mine")


def test_decisions_say_what_was_to_be_decided() -> None:
    wanted = Arrangement("trained", clutter_seed=3, place_seed=2)
    assert wanted.decisions(PLAIN) == {}
    assert wanted.decisions(CLUTTERED) == {"clutter": 4, "pieces": 3, "spot": 2}
    assert wanted.decisions(SIXTY) == {"clutter": 0, "pieces": 3, "spot": 2}
    assert wanted.decisions(Field(28, 2)) == {"clutter": 2, "pieces": 3}


@pytest.mark.parametrize(("side", "wide"), [(28, 20), (60, 9), (100, 6)])  # 20 · 28 / 60 = 9.3, 20 · 28 / 100 = 5.6
def test_brush_is_as_wide_beside_a_digit_of_any_field(side: int, wide: int) -> None:
    assert stroke_width(20, Field(side)) == wide
