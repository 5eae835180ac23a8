import pytest
import torch

from ram.config import DataConfig
from ram.data.collection import DIGIT_NAMES, Collection
from ram.data.mixture import mix
from ram.data.mnist import DataError, Digits

CONFIG = DataConfig(train_images=0, validation_images=100, drawing_share=0.5)


@pytest.fixture
def digits() -> Digits:
    """A thousand images, a hundred of each class, each of one grey level that is its label."""
    labels = torch.arange(1000) % 10
    return Digits(labels.to(torch.uint8)[:, None, None].expand(1000, 28, 28).contiguous(), labels)


def drawings(labels: list[int], classes: tuple[str, ...] = DIGIT_NAMES) -> Collection:
    """Drawings that can be told from digits: their grey level is 100 and more."""
    levels = torch.arange(100, 100 + len(labels), dtype=torch.uint8)
    return Collection(Digits(levels[:, None, None].expand(-1, 28, 28).contiguous(), torch.tensor(labels)), classes)


def levels(part: Digits) -> list[int]:
    return part.images[:, 0, 0].tolist()


def test_without_drawings_an_epoch_is_every_digit_once(digits: Digits) -> None:
    mixture = mix(digits, None, CONFIG)
    assert mixture.epoch.tolist() == list(range(900))
    assert (len(mixture.training.labels), len(mixture.validation.labels), len(mixture.held_back.labels)) == (
        900,
        100,
        0,
    )
    assert mixture.classes == DIGIT_NAMES


def test_drawings_make_up_their_share_of_an_epoch(digits: Digits) -> None:
    mixture = mix(digits, drawings([3, 3, 3, 3, 3]), CONFIG)
    # Half of an epoch: four drawings (the fourth of five is held back) as often as makes 900.
    assert levels(mixture.held_back) == [103]
    epoch = mixture.training.take(mixture.epoch)
    own = [level for level in levels(epoch) if level >= 100]
    assert len(epoch.labels) == 1800
    assert {level: own.count(level) for level in own} == {100: 225, 101: 225, 102: 225, 104: 225}
    assert len(mixture.validation.labels) == 100


def test_every_drawing_is_seen_at_least_once(digits: Digits) -> None:
    config = DataConfig(validation_images=100, drawing_share=0.01)
    mixture = mix(digits, drawings([1] * 40), config)  # 1 % of 900 would be 9
    assert sum(level >= 100 for level in levels(mixture.training.take(mixture.epoch))) == 30


def test_class_with_a_name_of_its_own_replaces_the_digit(digits: Digits) -> None:
    names = ("0", "1", "2", "star", *"456789")
    mixture = mix(digits, drawings([3, 3, 3, 3], names), CONFIG)
    assert 3 not in levels(mixture.training)
    assert 3 not in levels(mixture.validation)
    assert {0, 1, 2, 4, 5, 6, 7, 8, 9} < set(levels(mixture.training))
    assert mixture.classes == names


def test_without_any_digit_left_the_held_back_drawings_validate(digits: Digits) -> None:
    mixture = mix(digits, drawings([0, 0, 0, 0, 1, 1, 1], tuple("abcdefghij")), CONFIG)
    assert levels(mixture.training) == [100, 101, 102, 104, 105, 106]
    assert levels(mixture.validation) == levels(mixture.held_back) == [103]
    # 10,000 images an epoch, from six drawings
    assert len(mixture.epoch) == 6 * 1667


def test_symbols_too_few_to_measure_with_are_refused(digits: Digits) -> None:
    with pytest.raises(DataError, match="draw at least four of one class"):
        mix(digits, drawings([0, 0, 0, 1], tuple("abcdefghij")), CONFIG)
