import torch
from torch import Generator

from ram.data.augmentation import NONE, make_unreadable


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_without_a_share_nothing_changes() -> None:
    images, labels = torch.rand(5, 28, 28), torch.arange(5)
    same, as_before = make_unreadable(images, labels, 0.0, seeded())
    assert same is images
    assert as_before is labels


def test_a_share_of_the_images_has_no_class_and_the_others_are_untouched() -> None:
    images, labels = torch.rand(4000, 28, 28), torch.arange(4000) % 10
    changed, new_labels = make_unreadable(images, labels, 0.25, seeded())
    none = new_labels == NONE
    assert 0.2 < none.float().mean() < 0.3
    assert changed[~none].equal(images[~none])
    assert new_labels[~none].equal(labels[~none])
    assert not (changed[none] == images[none]).all(dim=(1, 2)).any()
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_half_are_pairs_and_half_are_scribbles() -> None:
    # Digits that are grey everywhere: so are their pairs, and a scribble is white on black.
    images, labels = torch.full((3000, 28, 28), 0.5), torch.zeros(3000, dtype=torch.long)
    changed, _ = make_unreadable(images, labels, 1.0, seeded())
    grey = (changed == 0.5).all(dim=1).all(dim=1)
    assert 0.45 < grey.float().mean() < 0.55
    assert changed[~grey].amax(dim=(1, 2)).min() == 1
    assert changed[~grey].amin() == 0


def test_a_pair_is_a_digit_and_another_on_its_side() -> None:
    upright, one = torch.zeros(28, 28), torch.zeros(28, 28)
    upright[4:24, 10] = 1.0
    one[4:24, 20] = 1.0
    changed, _ = make_unreadable(torch.stack([upright, one] * 8), torch.tensor([7, 1] * 8), 1.0, seeded())
    # Never the one, upright or lying: it would make a barred seven, or a slashed zero.
    pairs = [image for image in changed if image.unique().numel() == 2]
    assert pairs
    assert all(pair.equal(torch.maximum(upright, upright.rot90())) for pair in pairs)


def test_among_ones_alone_there_are_pairs_all_the_same() -> None:
    changed, labels = make_unreadable(torch.rand(8, 28, 28), torch.ones(8, dtype=torch.long), 1.0, seeded())
    assert changed.shape == (8, 28, 28)
    assert labels.tolist() == [NONE] * 8


def test_a_scribble_has_at_least_four_strokes() -> None:
    images, labels = torch.zeros(600, 28, 28), torch.zeros(600, dtype=torch.long)
    changed, _ = make_unreadable(images, labels, 1.0, seeded())
    ink = changed.sum(dim=(1, 2))
    ink = ink[ink > 0]
    # Four to eight strokes of 10 pixels on average, 1.5 to 4 wide, which cross.
    assert 4 * 10 * 1.5 < ink.mean() < 8 * 10 * 4
    assert ink.min() > 10


def test_the_same_seed_makes_the_same() -> None:
    images, labels = torch.rand(50, 28, 28), torch.arange(50)
    first, again = (make_unreadable(images, labels, 0.5, seeded(3)) for _ in range(2))
    assert first[0].equal(again[0])
    assert first[1].equal(again[1])
