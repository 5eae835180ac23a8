import pytest
import torch
from torch import Generator

from ram.data.variants import add_gaps_and_lines, add_variants


def stems(count: int) -> torch.Tensor:
    """Upright strokes two pixels wide, from row 4 to row 23, about x = 13.5."""
    images = torch.zeros(count, 28, 28)
    images[:, 4:24, 13:15] = 1.0
    return images


def test_without_a_share_nothing_changes() -> None:
    images, generator = stems(3), Generator().manual_seed(0)
    before = generator.get_state()
    assert add_variants(images, torch.ones(3, dtype=torch.long), 0.0, generator) is images
    assert generator.get_state().equal(before)


def test_other_digits_stay_as_they_are() -> None:
    images, labels = stems(70), torch.tensor([2, 3, 4, 5, 6, 8, 9] * 10)
    assert add_variants(images, labels, 1.0, Generator().manual_seed(0)).equal(images)


def test_share_of_the_digits_is_changed_and_the_batch_is_left_alone() -> None:
    images, labels = stems(2000), torch.ones(2000, dtype=torch.long)
    changed = add_variants(images, labels, 0.25, Generator().manual_seed(0))
    assert images.equal(stems(2000))
    differ = (changed != images).flatten(1).any(dim=1)
    assert differ[:500].all()  # the batch is in random order
    assert not differ[500:].any()
    assert changed.max() == 1.0
    assert (changed >= images).all()  # ink is only added


def test_ones_get_a_serif_to_the_left_and_some_a_foot() -> None:
    added = add_variants(stems(1000), torch.ones(1000, dtype=torch.long), 1.0, Generator().manual_seed(0)) - stems(1000)
    upper, lower = added[:, :15], added[:, 20:]
    assert (upper[:, :, :12].flatten(1).amax(dim=1) > 0.5).float().mean() > 0.9
    assert upper[:, :, 17:].max() == 0
    # The longest serif reaches 11 * cos(20 degrees) = 10.3 pixels to the left of the stem, and half a stroke further.
    assert upper[:, :, :1].max() == 0
    feet = (lower[:, :, 16:].flatten(1).amax(dim=1) > 0.5).float().mean().item()
    assert feet == pytest.approx(0.4, abs=0.05)


def test_sevens_get_a_bar_across_the_leg() -> None:
    labels = torch.full((500,), 7)
    added = add_variants(stems(500), labels, 1.0, Generator().manual_seed(0)) - stems(500)
    # 40 % to 70 % of the 19 rows from 4 on: rows 11 to 17, and up to four pixels and half a stroke around them
    assert added[:, :5].max() == 0
    assert added[:, 24:].max() == 0
    assert (added[:, 6:23, 11].amax(dim=1) > 0.3).all()
    assert (added[:, 6:23, 16].amax(dim=1) > 0.3).all()


def test_zeros_get_a_slash_from_the_upper_right_to_the_lower_left() -> None:
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    radius = ((x - 13.5) ** 2 + (y - 13.5) ** 2).sqrt()
    rings = (2 - (radius - 9).abs()).clamp(0, 1).repeat(300, 1, 1)
    added = add_variants(rings, torch.zeros(300, dtype=torch.long), 1.0, Generator().manual_seed(0)) - rings
    assert (added[:, 12:16, 12:16].flatten(1).amax(dim=1) > 0.9).all()
    right_above, left_above = added[:, :11, 16:].flatten(1).sum(dim=1), added[:, :11, :11].flatten(1).sum(dim=1)
    assert (right_above > left_above).float().mean() > 0.95
    assert left_above.max() == 0


def test_same_generator_changes_the_same() -> None:
    labels = torch.tensor([0, 1, 7] * 10)
    first, again = (add_variants(stems(30), labels, 0.5, Generator().manual_seed(3)) for _ in range(2))
    assert first.equal(again)


def test_batch_without_such_digits_or_of_one_blank_image_is_accepted() -> None:
    assert add_variants(stems(1), torch.tensor([5]), 1.0, Generator().manual_seed(0)).shape == (1, 28, 28)
    blank = add_variants(torch.zeros(1, 28, 28), torch.tensor([1]), 1.0, Generator().manual_seed(0))
    assert blank.isfinite().all()


def test_strokes_get_gaps_and_as_many_digits_a_line_below() -> None:
    images = stems(2000)
    changed = add_gaps_and_lines(images, 0.2, Generator().manual_seed(0), after=300)
    assert images.equal(stems(2000))
    broken, lined = changed[300:700], changed[700:1100]
    assert changed[:300].equal(images[:300])
    assert changed[1100:].equal(images[1100:])
    assert (broken <= images[:400]).all()  # ink is only erased
    assert 0.2 < (broken.sum(dim=(1, 2)) < images[:400].sum(dim=(1, 2)) - 1).float().mean() < 0.9
    stem = (lined[:, :, 13] > 0.5).float().sum(dim=1)
    assert stem.max() < 22  # half to nine tenths of 20 rows, and the line
    widest = (lined > 0.3).float().sum(dim=2).amax(dim=1)
    assert (widest > 3).float().mean() > 0.9  # the line
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_few_images_can_get_gaps_and_lines() -> None:
    assert add_gaps_and_lines(stems(3), 0.5, Generator().manual_seed(0)).shape == (3, 28, 28)
    images = stems(2)
    assert add_gaps_and_lines(images, 0.5, Generator().manual_seed(0), after=2) is images
    assert add_gaps_and_lines(images, 0.0, Generator().manual_seed(0)) is images
