import gzip
import shutil
from pathlib import Path

import pytest
import torch

from ram.config import DataConfig
from ram.data.mnist import MNIST_FOLDER, DataError, Digits, as_floats, load_mnist, split_training

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the test digits to damage."""
    for name in (IMAGES, LABELS):
        shutil.copy(MNIST_FOLDER / name, tmp_path)
    return tmp_path


def test_training_digits_are_mnist(training_digits: Digits) -> None:
    assert training_digits.images.shape == (60_000, 28, 28)
    assert training_digits.images.dtype == torch.uint8
    assert training_digits.labels.dtype == torch.int64
    assert training_digits.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # MNIST's published class counts
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert training_digits.labels.bincount().tolist() == counts


def test_test_digits_are_mnist() -> None:
    digits = load_mnist("test")
    assert digits.images.shape == (10_000, 28, 28)
    assert digits.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert digits.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_images_are_upright_light_ink_on_dark_paper(training_digits: Digits) -> None:
    ink = training_digits.images[training_digits.labels == 1] > 127
    assert ink[:, 0].sum() == 0  # the paper is 0
    # Most ones are taller than wide, unless rows and columns were swapped.
    taller = ink.any(dim=2).sum(dim=1) > ink.any(dim=1).sum(dim=1)
    assert taller.float().mean() > 0.9


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"/{name} is missing: restore it from the project's data/mnist folder$"):
        load_mnist("test", folder)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"/nowhere/train-images-idx3-ubyte\.gz is missing"):
        load_mnist("train", tmp_path / "nowhere")


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def with_damaged_middle(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 64]) + content[middle + 64 :]


def text(_content: bytes) -> bytes:
    return b"<html>404 Not Found</html>"


@pytest.mark.parametrize("damage", [truncated, with_damaged_middle, text])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_damaged_file_is_named(folder: Path, name: str, damage: object) -> None:
    assert callable(damage)
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    with pytest.raises(DataError, match=rf"/{name} cannot be read \(.*\): restore it from the project's data/mnist"):
        load_mnist("test", folder)


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_empty_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(DataError, match=rf"/{name} (cannot be read|is not the original MNIST file)"):
        load_mnist("test", folder)


def test_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / LABELS).unlink()
    (folder / LABELS).mkdir()
    with pytest.raises(DataError, match=rf"/{LABELS} cannot be read \(.*Is a directory"):
        load_mnist("test", folder)


def test_other_digits_under_mnists_name_are_refused(folder: Path) -> None:
    content = bytearray(gzip.decompress((folder / LABELS).read_bytes()))
    content[-1] = (content[-1] + 1) % 10  # one label of ten thousand
    (folder / LABELS).write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=rf"/{LABELS} is not the original MNIST file"):
        load_mnist("test", folder)


def test_recompressed_copy_is_as_good(folder: Path) -> None:
    (folder / LABELS).write_bytes(gzip.compress(gzip.decompress((folder / LABELS).read_bytes()), compresslevel=1))
    assert load_mnist("test", folder).labels[:3].tolist() == [7, 2, 1]


def labelled_by_position(count: int) -> Digits:
    return Digits(torch.zeros(count, 1, 1, dtype=torch.uint8), torch.arange(count))


def test_split_holds_digits_back_and_loses_none() -> None:
    training, validation = split_training(labelled_by_position(500), DataConfig(validation_images=120))
    assert len(training.labels) == 380
    assert len(validation.labels) == 120
    assert sorted(training.labels.tolist() + validation.labels.tolist()) == list(range(500))


def test_split_shuffles() -> None:
    _, validation = split_training(labelled_by_position(500), DataConfig(validation_images=100))
    # A hundred drawn from 0 to 499 have the mean 249.5 with a standard error of about 13.
    assert abs(validation.labels.float().mean().item() - 249.5) < 50


def test_split_is_the_same_for_every_size_of_training() -> None:
    digits = labelled_by_position(500)
    all_training, held_back = split_training(digits, DataConfig(validation_images=100))
    some_training, again = split_training(digits, DataConfig(validation_images=100, train_images=50))
    assert again.labels.equal(held_back.labels)
    assert some_training.labels.equal(all_training.labels[:50])


def test_split_keeps_images_with_their_labels(training_digits: Digits) -> None:
    digits = training_digits.take(torch.arange(300))
    _, validation = split_training(digits, DataConfig(validation_images=100))
    position = {image.numpy().tobytes(): label for image, label in zip(*digits, strict=True)}
    for image, label in zip(*validation, strict=True):
        assert position[image.numpy().tobytes()] == label


def test_grey_levels_become_numbers_from_zero_to_one() -> None:
    grey = torch.tensor([[[0, 51, 255]]], dtype=torch.uint8)
    assert as_floats(grey).flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])  # 51 / 255
