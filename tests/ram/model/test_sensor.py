import pytest
import torch
from torch import Tensor

from ram.model.sensor import GlimpseSensor


def numbered(height: int, width: int) -> Tensor:
    """An image in which the pixel in row r and column c has the grey level 100 (r + 1) + (c + 1)."""
    rows, columns = torch.arange(1.0, height + 1), torch.arange(1.0, width + 1)
    return 100 * rows[:, None] + columns


def centre_of(row: int, column: int, height: int, width: int) -> Tensor:
    """The location (x, y) of the middle of a pixel."""
    return torch.tensor([(column + 0.5) / width * 2 - 1, (row + 0.5) / height * 2 - 1])


def test_sensor_sees_the_middle_of_the_image() -> None:
    image = numbered(28, 28)
    # The middle is the corner between pixels 13 and 14; 4 pixels on each side of it: 10 to 17.
    patch = GlimpseSensor(8)(image, torch.zeros(2)).reshape(8, 8)
    assert patch.equal(image[10:18, 10:18])


@pytest.mark.parametrize(
    ("x", "y", "seen", "shown"),
    [
        # An even window is centred on the image's corner: half of it is on the image.
        (-1.0, -1.0, (slice(4, 8), slice(4, 8)), (slice(0, 4), slice(0, 4))),
        (1.0, -1.0, (slice(4, 8), slice(0, 4)), (slice(0, 4), slice(24, 28))),
        (-1.0, 1.0, (slice(0, 4), slice(4, 8)), (slice(24, 28), slice(0, 4))),
        (1.0, 1.0, (slice(0, 4), slice(0, 4)), (slice(24, 28), slice(24, 28))),
    ],
)
def test_sensor_pads_glimpse_at_image_border(
    x: float, y: float, seen: tuple[slice, slice], shown: tuple[slice, slice]
) -> None:
    image = numbered(28, 28)
    expected = torch.zeros(8, 8)
    expected[seen] = image[shown]
    assert GlimpseSensor(8)(image, torch.tensor([x, y])).reshape(8, 8).equal(expected)


@pytest.mark.parametrize(
    ("x", "y", "seen", "shown"),
    [
        # An odd window is centred on the outermost pixel: that pixel and two further ones are seen.
        (-1.0, -1.0, (slice(2, 5), slice(2, 5)), (slice(0, 3), slice(0, 3))),
        (1.0, -1.0, (slice(2, 5), slice(0, 3)), (slice(0, 3), slice(25, 28))),
        (-1.0, 1.0, (slice(0, 3), slice(2, 5)), (slice(25, 28), slice(0, 3))),
        (1.0, 1.0, (slice(0, 3), slice(0, 3)), (slice(25, 28), slice(25, 28))),
    ],
)
def test_sensor_of_odd_size_reaches_every_corner(
    x: float, y: float, seen: tuple[slice, slice], shown: tuple[slice, slice]
) -> None:
    image = numbered(28, 28)
    expected = torch.zeros(5, 5)
    expected[seen] = image[shown]
    assert GlimpseSensor(5)(image, torch.tensor([x, y])).reshape(5, 5).equal(expected)


@pytest.mark.parametrize("glimpse_size", [1, 2, 3, 7, 8, 13])
@pytest.mark.parametrize("num_scales", [1, 2, 3])
@pytest.mark.parametrize(("height", "width"), [(28, 28), (9, 31)])
def test_sensor_sees_ink_at_all_four_corners(glimpse_size: int, num_scales: int, height: int, width: int) -> None:
    corners = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    patches = GlimpseSensor(glimpse_size, num_scales)(torch.ones(4, height, width), corners)
    patches = patches.reshape(4, num_scales, glimpse_size**2)
    assert bool((patches.amax(dim=-1) > 0).all())
    if glimpse_size == 2:  # exactly the corner pixel of the four
        assert patches[:, 0].sum(dim=-1).tolist() == [1.0, 1.0, 1.0, 1.0]


def test_sensor_takes_x_as_column_and_y_as_row() -> None:
    image = torch.zeros(28, 28)
    image[2, 20] = 1.0
    sensor = GlimpseSensor(1)
    # Column 20: x = 20.5 / 28 * 2 - 1 = 0.4643. Row 2: y = 2.5 / 28 * 2 - 1 = -0.8214.
    assert sensor(image, torch.tensor([0.4643, -0.8214])).tolist() == [1.0]
    assert sensor(image, torch.tensor([-0.8214, 0.4643])).tolist() == [0.0]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (9, 29), (7, 25), (9, 0), (3, 12)])
def test_sensor_scales_each_axis_of_a_non_square_image(row: int, column: int) -> None:
    image = numbered(10, 30)
    assert GlimpseSensor(1)(image, centre_of(row, column, 10, 30)).tolist() == [100 * (row + 1) + column + 1]


def test_sensor_finds_every_pixel_of_an_image() -> None:
    image = numbered(28, 28)
    everywhere = torch.stack([centre_of(r, c, 28, 28) for r in range(28) for c in range(28)])
    seen = GlimpseSensor(1)(image.expand(784, 28, 28), everywhere)
    assert seen.reshape(28, 28).equal(image)


@pytest.mark.parametrize(("place", "first_column"), [(4.6, 4), (5.4, 4), (5.6, 5), (6.4, 5)])
def test_even_window_is_centred_on_the_nearest_pixel_corner(place: float, first_column: int) -> None:
    image = numbered(10, 10)
    # Corner 5 lies between columns 4 and 5, so a window of two shows these.
    patch = GlimpseSensor(2)(image, torch.tensor([place / 10 * 2 - 1, 0.0])).reshape(2, 2)
    assert patch.equal(image[4:6, first_column : first_column + 2])


@pytest.mark.parametrize(("place", "column"), [(5.1, 5), (5.9, 5), (6.1, 6)])
def test_odd_window_is_centred_on_the_pixel_that_contains_the_location(place: float, column: int) -> None:
    image = numbered(10, 10)
    patch = GlimpseSensor(3)(image, torch.tensor([place / 10 * 2 - 1, 0.05])).reshape(3, 3)
    assert patch.equal(image[4:7, column - 1 : column + 2])


def test_coarser_scale_averages_pixels() -> None:
    image = torch.arange(1.0, 17.0).reshape(4, 4)
    # 1  2  3  4      finest: the inner four; coarser: the means of the four 2x2 blocks,
    # 5  6  7  8      (1+2+5+6)/4 = 3.5, (3+4+7+8)/4 = 5.5,
    # 9  10 11 12     (9+10+13+14)/4 = 11.5, (11+12+15+16)/4 = 13.5
    # 13 14 15 16
    glimpse = GlimpseSensor(glimpse_size=2, num_scales=2)(image, torch.zeros(2))
    assert glimpse.tolist() == [6.0, 7.0, 10.0, 11.0, 3.5, 5.5, 11.5, 13.5]


def test_coarser_scale_averages_the_border_with_zeros() -> None:
    image = torch.arange(1.0, 17.0).reshape(4, 4)
    # At the top-left corner one of four cells lies on the image: pixel 1, and (1+2+5+6)/4.
    glimpse = GlimpseSensor(glimpse_size=2, num_scales=2)(image, -torch.ones(2))
    assert glimpse.tolist() == [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 3.5]


def test_coarser_scale_of_an_odd_glimpse_averages_pixels() -> None:
    image = numbered(6, 6)
    glimpse = GlimpseSensor(glimpse_size=3, num_scales=2)(image, torch.zeros(2)).reshape(2, 3, 3)
    assert glimpse[0].equal(image[2:5, 2:5])  # (3, 3) lies in pixel 3
    # The means of 2x2 blocks: rows 1.5, 3.5, 5.5 (times 100) and columns 1.5, 3.5, 5.5.
    assert glimpse[1].tolist() == [[151.5, 153.5, 155.5], [351.5, 353.5, 355.5], [551.5, 553.5, 555.5]]


def test_third_scale_covers_four_times_the_side() -> None:
    image = torch.zeros(28, 28)
    image[7, 7] = 16.0
    # Windows of 4, 8 and 16 pixels around (14, 14) begin at 12, 10 and 6: only the last one has pixel (7, 7),
    # in its first 4x4 cell, whose mean is 16 / 16.
    glimpse = GlimpseSensor(glimpse_size=4, num_scales=3)(image, torch.zeros(2)).reshape(3, 4, 4)
    assert glimpse[:2].abs().sum() == 0
    assert glimpse[2].nonzero().tolist() == [[0, 0]]
    assert glimpse[2, 0, 0] == 1.0


def test_scales_differ_and_none_is_a_subsample() -> None:
    squares = torch.arange(16)
    checkerboard = ((squares[:, None] + squares) % 2).float()
    fine, coarse = GlimpseSensor(glimpse_size=4, num_scales=2)(checkerboard, torch.zeros(2)).reshape(2, 16)
    assert sorted(set(fine.tolist())) == [0.0, 1.0]
    assert set(coarse.tolist()) == {0.5}  # a subsample would have kept 0 or 1


def test_sensor_can_be_larger_than_the_image() -> None:
    image = numbered(4, 4)
    expected = torch.zeros(8, 8)
    expected[2:6, 2:6] = image
    assert GlimpseSensor(8)(image, torch.zeros(2)).reshape(8, 8).equal(expected)


def test_batch_equals_its_images_one_by_one() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(5, 20, 24, generator=generator)
    locations = torch.rand(5, 2, generator=generator) * 2 - 1
    sensor = GlimpseSensor(glimpse_size=5, num_scales=3)
    batch = sensor(images, locations)
    assert batch.shape == (5, 75)  # 3 * 5 * 5
    for image, location, patch in zip(images, locations, batch, strict=True):
        alone = sensor(image, location)
        assert alone.shape == (75,)
        assert alone.equal(patch)


def test_batch_of_one_stays_a_batch() -> None:
    image = numbered(28, 28)
    patch = GlimpseSensor(8)(image[None], torch.zeros(1, 2))
    assert patch.shape == (1, 64)
    assert patch[0].equal(image[10:18, 10:18].flatten())


def test_no_gradient_reaches_the_location() -> None:
    location = torch.tensor([0.3, -0.2], requires_grad=True)
    image = torch.rand(28, 28, requires_grad=True)
    GlimpseSensor(8)(image, location).sum().backward()
    assert location.grad is None
    assert image.grad is not None
    assert image.grad.sum() == 64  # each pixel seen counts once


def test_corners_are_the_top_left_pixels_as_x_and_y() -> None:
    sensor = GlimpseSensor(glimpse_size=8, num_scales=2)
    # (0, 0) in 28x28 is pixel corner 14: 14 - 4 = 10 and 14 - 8 = 6.
    assert sensor.corners(torch.zeros(2), 28, 28).tolist() == [[10, 10], [6, 6]]
    # Left and bottom: x = 0 - 4, 0 - 8; y = 28 - 4, 28 - 8.
    assert sensor.corners(torch.tensor([-1.0, 1.0]), 28, 28).tolist() == [[-4, 24], [-8, 20]]
    # 10 high, 30 wide: x = 30 - 4, 30 - 8; y = 0 - 4, 0 - 8.
    assert sensor.corners(torch.tensor([1.0, -1.0]), 10, 30).tolist() == [[26, -4], [22, -8]]


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize(
    ("image", "location"),
    [
        ((28, 28), (1, 2)),
        ((28, 28), (3,)),
        ((3, 28, 28), (2,)),
        ((3, 28, 28), (2, 2)),
        ((3, 28, 28), (3, 3)),
        ((1, 1, 28, 28), (1, 1, 2)),
        ((28,), (2,)),
    ],
)
def test_sensor_names_shapes_that_do_not_fit(image: tuple[int, ...], location: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"do not fit: expected \(H, W\) with \(2,\), or \(B, H, W\) with") as caught:
        GlimpseSensor(8)(torch.zeros(image), torch.zeros(location))
    assert str(caught.value).startswith(f"image {image} and location {location} ")
