import pytest
import torch
from torch import Generator, Tensor

from ram.data.clutter import centred, ink_centre, scatter, scattered, strew
from ram.data.mnist import Digits


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def grey(level: int, count: int = 1) -> Tensor:
    """Digits of 28x28 pixels that are all of one grey level."""
    return torch.full((count, 28, 28), level, dtype=torch.uint8)


def strewn(images: Tensor, others: Tensor, clutter: int, *, seed: int = 0) -> Tensor:
    """The images with pieces."""
    strew(images, others, clutter, seeded(seed))
    return images


def test_nothing_happens_to_a_digit_that_fills_the_image() -> None:
    digits = torch.rand(3, 28, 28)
    assert scatter(digits, 28, seeded()) is digits


def test_digit_lies_whole_and_unchanged_somewhere_in_a_blank_image() -> None:
    digits = torch.rand(50, 28, 28) * 0.9 + 0.1  # no pixel is blank, so that the place is known
    images = scatter(digits, 60, seeded())
    assert images.shape == (50, 60, 60)
    for digit, image in zip(digits, images, strict=True):
        top, left = (int(axis.min()) for axis in image.nonzero(as_tuple=True))
        assert image[top : top + 28, left : left + 28].equal(digit)
        assert image.count_nonzero() == 28 * 28


@pytest.mark.parametrize(("side", "left"), [(28, 0), (31, 1), (60, 16), (100, 36)])
def test_digit_lies_alone_in_the_middle(side: int, left: int) -> None:
    digits = torch.rand(3, 28, 28) + 0.1
    images = centred(digits, side)
    assert images.shape == (3, side, side)
    assert images[:, left : left + 28, left : left + 28].equal(digits)
    assert int((images > 0).sum()) == digits.numel()


def test_every_place_occurs() -> None:
    images = scatter(torch.ones(3000, 28, 28), 60, seeded())
    tops = images.amax(dim=2).argmax(dim=1)
    lefts = images.amax(dim=1).argmax(dim=1)
    # 33 places from 0 to 32 along each axis, each about 91 times
    assert set(tops.tolist()) == set(lefts.tolist()) == set(range(33))
    assert abs(torch.corrcoef(torch.stack([tops, lefts]).float())[0, 1]) < 0.1


def test_pieces_are_squares_of_other_digits() -> None:
    others = torch.arange(28 * 28, dtype=torch.float32).reshape(28, 28).remainder(251).to(torch.uint8)[None]
    image = strewn(torch.zeros(1, 100, 100), others, 1, seed=3)[0]
    rows, columns = image.nonzero(as_tuple=True)
    top, left = int(rows.min()), int(columns.min())
    piece = image[top : top + 8, left : left + 8]
    windows = (others[0].float() / 255).unfold(0, 8, 1).unfold(1, 8, 1).reshape(-1, 8, 8)
    assert bool((windows == piece).all(dim=(1, 2)).any())


def test_a_piece_adds_to_the_digit_and_erases_nothing() -> None:
    images = strewn(torch.full((200, 28, 28), 0.5), grey(51), 1)
    # Grey 0.5 and 51 / 255 = 0.2, on 64 pixels.
    assert images.unique().tolist() == pytest.approx([0.5, 0.7])
    assert (images > 0.6).sum(dim=(1, 2)).tolist() == [64] * 200


def test_nothing_is_whiter_than_white() -> None:
    assert strewn(torch.full((20, 28, 28), 0.9), grey(255), 3).max() == 1


def test_pieces_are_added_to_the_image_itself() -> None:
    image = torch.zeros(1, 60, 60)
    strew(image, grey(255), 1, seeded())
    assert image.sum() == 64


def test_digits_are_scattered_first_and_then_strewn_with_pieces() -> None:
    digits = Digits(torch.randint(256, (5, 28, 28), dtype=torch.uint8), torch.arange(5))
    generator = seeded(4)
    images = scatter(digits.images.float() / 255, 60, generator)
    strew(images, digits.images, 3, generator)
    assert scattered(digits, 60, 3, seed=4).images.equal((images * 255).round().to(torch.uint8))


def test_as_many_pieces_as_asked_for() -> None:
    images = strewn(torch.zeros(300, 100, 100), grey(255), 8)
    # Eight pieces of 64 pixels, which may overlap.
    area = images.sum(dim=(1, 2))
    assert area.max() == 8 * 64
    assert area.min() > 4 * 64
    assert area.mean() == pytest.approx(8 * 64 * (1 - 3.5 * 64 / 93**2), rel=0.03)


def test_the_same_seed_gives_the_same_images_and_another_seed_others() -> None:
    digits = Digits(torch.randint(256, (20, 28, 28), dtype=torch.uint8), torch.arange(20))
    first, again, other = (scattered(digits, 60, 4, seed=seed) for seed in (1, 1, 2))
    assert first.images.equal(again.images)
    assert not first.images.equal(other.images)
    assert first.images.dtype == torch.uint8
    assert first.labels.equal(digits.labels)


def test_grey_levels_survive_exactly() -> None:
    digits = Digits(torch.randint(1, 256, (5, 28, 28), dtype=torch.uint8), torch.arange(5))
    images = scattered(digits, 60, 0, seed=0).images
    for digit, image in zip(digits.images, images, strict=True):
        assert image[image > 0].reshape(28, 28).equal(digit)


def test_no_digits_are_no_images() -> None:
    assert scattered(Digits(grey(0, 0), torch.zeros(0, dtype=torch.long)), 60, 4, seed=0).images.shape == (0, 60, 60)


def test_ink_is_balanced_about_its_centre() -> None:
    images = torch.zeros(3, 10, 20)
    images[0, 2, 5] = 0.5  # one pixel, in row 2 and column 5
    images[1, 0, 0], images[1, 0, 19] = 1.0, 0.5  # columns 0 and 19, the first twice as black
    # Column 5: x = 5.5 / 20 * 2 - 1; row 2: y = 2.5 / 10 * 2 - 1. Then x = (2 * -0.95 + 0.95) / 3, y = -0.9.
    expected = [[-0.45, -0.5], [-0.95 / 3, -0.9], [0.0, 0.0]]
    torch.testing.assert_close(ink_centre(images), torch.tensor(expected))
