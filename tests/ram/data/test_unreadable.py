import torch
from torch import Generator

from ram.data.unreadable import NONE, SYMBOLS, make_unreadable


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
    assert none.tolist() == [False] * 3000 + [True] * 1000  # the batch is in random order
    assert changed[~none].equal(images[~none])
    assert new_labels[~none].equal(labels[~none])
    assert not (changed[none] == images[none]).all(dim=(1, 2)).any()
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_a_quarter_each_are_crossed_side_by_side_scribbles_and_symbols() -> None:
    # Digits that are grey everywhere: so are their pairs, and scribbles and symbols are white on black.
    images, labels = torch.full((400, 28, 28), 0.5), torch.zeros(400, dtype=torch.long)
    changed, _ = make_unreadable(images, labels, 1.0, seeded())
    assert (changed[:100] == 0.5).all()
    beside = changed[100:200]
    torch.testing.assert_close(beside[:, 5:23], torch.full((100, 18, 28), 0.5))  # two thirds as high
    assert beside[:, :5].max() == beside[:, 23:].max() == 0
    assert changed[200:].amax(dim=(1, 2)).min() == 1
    assert changed[200:].amin() == 0


def test_symbols_are_drawn_with_all_their_lines() -> None:
    assert len(SYMBOLS.strip().splitlines()) == 40
    images, labels = torch.zeros(400, 28, 28), torch.zeros(400, dtype=torch.long)
    changed, _ = make_unreadable(images, labels, 1.0, seeded())
    ink = changed[300:].sum(dim=(1, 2))
    # The shortest, an arrow's head, is two lines of 14 pixels and more; the longest are a dozen.
    assert 14 < ink.min() < ink.max() < 28 * 14


def test_few_images_need_not_be_of_every_kind() -> None:
    for count in range(1, 9):
        changed, labels = make_unreadable(torch.rand(count, 28, 28), torch.ones(count).long(), 1.0, seeded())
        assert changed.shape == (count, 28, 28)
        assert labels.tolist() == [NONE] * count


def test_a_pair_is_a_digit_and_another_on_its_side() -> None:
    upright, one = torch.zeros(28, 28), torch.zeros(28, 28)
    upright[4:24, 10] = 1.0
    one[4:24, 20] = 1.0
    changed, _ = make_unreadable(torch.stack([upright, one] * 8), torch.tensor([7, 1] * 8), 1.0, seeded())
    # Never the one, upright or lying: it would make a barred seven, or a slashed zero.
    assert all(pair.equal(torch.maximum(upright, upright.rot90())) for pair in changed[:4])


def test_among_ones_alone_there_are_pairs_all_the_same() -> None:
    changed, labels = make_unreadable(torch.rand(8, 28, 28), torch.ones(8, dtype=torch.long), 1.0, seeded())
    assert changed.shape == (8, 28, 28)
    assert labels.tolist() == [NONE] * 8


def test_a_scribble_has_at_least_four_strokes() -> None:
    images, labels = torch.zeros(600, 28, 28), torch.zeros(600, dtype=torch.long)
    changed, _ = make_unreadable(images, labels, 1.0, seeded())
    ink = changed[300:450].sum(dim=(1, 2))
    # Four to eight strokes of 10 pixels on average, 1.5 to 4 wide, which cross.
    assert 4 * 10 * 1.5 < ink.mean() < 8 * 10 * 4
    assert ink.min() > 10


def test_the_same_seed_makes_the_same() -> None:
    images, labels = torch.rand(50, 28, 28), torch.arange(50)
    first, again = (make_unreadable(images, labels, 0.5, seeded(3)) for _ in range(2))
    assert first[0].equal(again[0])
    assert first[1].equal(again[1])
