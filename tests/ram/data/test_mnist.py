import gzip
import shutil
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from ram.config import TrainConfig
from ram.data.mnist import MNIST_FOLDER, DataError, Digits, as_floats, augment, load_mnist, split_training

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
    training, validation = split_training(labelled_by_position(500), TrainConfig(validation_images=120))
    assert len(training.labels) == 380
    assert len(validation.labels) == 120
    assert sorted(training.labels.tolist() + validation.labels.tolist()) == list(range(500))


def test_split_shuffles() -> None:
    _, validation = split_training(labelled_by_position(500), TrainConfig(validation_images=100))
    # A hundred drawn from 0 to 499 have the mean 249.5 with a standard error of about 13.
    assert abs(validation.labels.float().mean().item() - 249.5) < 50


def test_split_is_the_same_for_every_seed_and_size_of_training() -> None:
    digits = labelled_by_position(500)
    all_training, held_back = split_training(digits, TrainConfig(validation_images=100, seed=1))
    some_training, again = split_training(digits, TrainConfig(validation_images=100, seed=2, train_images=50))
    assert again.labels.equal(held_back.labels)
    assert some_training.labels.equal(all_training.labels[:50])


def test_split_keeps_images_with_their_labels(training_digits: Digits) -> None:
    digits = training_digits.take(torch.arange(300))
    _, validation = split_training(digits, TrainConfig(validation_images=100))
    position = {image.numpy().tobytes(): label for image, label in zip(*digits, strict=True)}
    for image, label in zip(*validation, strict=True):
        assert position[image.numpy().tobytes()] == label


def test_grey_levels_become_numbers_from_zero_to_one() -> None:
    grey = torch.tensor([[[0, 51, 255]]], dtype=torch.uint8)
    assert as_floats(grey).flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])  # 51 / 255


def squares(count: int) -> Tensor:
    """A square of 8x8 pixels in the middle of each image."""
    images = torch.zeros(count, 28, 28)
    images[:, 10:18, 10:18] = 1.0
    return images


def centres(images: Tensor) -> Tensor:
    """Centre of mass of each image, (x, y) in pixels from the middle."""
    mass = images.sum(dim=(1, 2))
    offset = torch.arange(28.0) - 13.5
    x = (images.sum(dim=1) * offset).sum(dim=1) / mass
    y = (images.sum(dim=2) * offset).sum(dim=1) / mass
    return torch.stack([x, y], dim=1)


def test_augmentation_without_strength_changes_nothing() -> None:
    generator = Generator().manual_seed(0)
    before = generator.get_state()
    images = squares(2)
    assert augment(images, TrainConfig(), generator) is images
    assert generator.get_state().equal(before)


def test_translation_shifts_up_to_its_limit_on_both_axes() -> None:
    moved = centres(augment(squares(500), TrainConfig(translation=3.0), Generator().manual_seed(0)))
    assert moved.abs().max() <= 3.001
    assert moved.amax(dim=0).tolist() == pytest.approx([3.0, 3.0], abs=0.1)
    assert moved.amin(dim=0).tolist() == pytest.approx([-3.0, -3.0], abs=0.1)
    correlation = torch.corrcoef(moved.T)[0, 1].item()
    assert abs(correlation) < 0.15  # the axes are drawn independently


def test_rotation_turns_about_the_middle() -> None:
    images = torch.zeros(200, 28, 28)
    images[:, 4:7, 12:16] = 1.0  # a mark 8.5 pixels above the middle
    turned = centres(augment(images, TrainConfig(rotation=30.0), Generator().manual_seed(0)))
    assert turned.norm(dim=1).tolist() == pytest.approx([8.5] * 200, abs=0.15)
    angle = torch.rad2deg(torch.atan2(turned[:, 0], -turned[:, 1]))
    assert angle.abs().max() <= 30.5
    assert angle.min() < -25
    assert angle.max() > 25


def test_scaling_changes_the_size_and_not_the_place() -> None:
    scaled = augment(squares(300), TrainConfig(scaling=0.25), Generator().manual_seed(0))
    assert centres(scaled).abs().max() < 0.01
    # Reading the image in steps of 0.75 to 1.25 pixels: the side of 8 becomes 8 / 1.25 = 6.4 to 8 / 0.75 = 10.67.
    widths, heights = scaled[:, 13].sum(dim=1), scaled[:, :, 13].sum(dim=1)
    for sides in (widths, heights):
        assert sides.min().item() == pytest.approx(6.4, abs=0.3)
        assert sides.max().item() == pytest.approx(10.67, abs=0.3)


def test_shear_shifts_rows_against_each_other() -> None:
    sheared = augment(squares(200), TrainConfig(shear=0.5), Generator().manual_seed(0))
    assert centres(sheared).abs().max() < 0.01
    offset = torch.arange(28.0) - 13.5
    row_centres = (sheared * offset).sum(dim=2) / sheared.sum(dim=2)
    slope = (row_centres[:, 16] - row_centres[:, 11]) / 5
    assert slope.abs().max().item() == pytest.approx(0.5, abs=0.05)
    assert slope.min() < -0.3
    assert slope.max() > 0.3


def test_elastic_shifts_move_the_parts_of_an_image_by_themselves() -> None:
    images = torch.zeros(400, 28, 28)
    images[:, 3:5, 3:5] = images[:, 23:25, 23:25] = 1.0  # two marks, 9.5 pixels from the middle along both axes
    moved = augment(images, TrainConfig(elastic=2.0), Generator().manual_seed(0))
    upper, lower = torch.zeros(400, 28, 28), torch.zeros(400, 28, 28)
    upper[:, :14, :14], lower[:, 14:, 14:] = moved[:, :14, :14], moved[:, 14:, 14:]
    shifts = [centres(upper) + 10.0, centres(lower) - 10.0]
    for shift in shifts:
        assert shift.abs().max() < 2.6  # the mark itself is bent, too, which moves its centre a little more
        assert shift.std() > 0.3
    assert abs(torch.corrcoef(torch.stack([shifts[0][:, 0], shifts[1][:, 0]]))[0, 1].item()) < 0.15


def test_strokes_become_up_to_a_pixel_thicker_or_thinner_on_each_side() -> None:
    images = torch.zeros(500, 28, 28)
    images[:, :, 12:16] = 1.0  # a line four pixels wide
    changed = augment(images, TrainConfig(thickness=0.5), Generator().manual_seed(0))
    row = changed[:, 14]
    assert row[:, 13:15].eq(1).all()
    assert row[:, [*range(11), *range(17, 28)]].eq(0).all()
    width = row.sum(dim=1)
    assert width.min().item() == pytest.approx(3.0, abs=0.02)  # 2 * 0.5 less
    assert width.max().item() == pytest.approx(5.0, abs=0.02)
    assert row[:, 11].equal(row[:, 16])


def test_strokes_at_the_border_change_on_their_inner_side_only() -> None:
    images = torch.zeros(500, 28, 28)
    images[:, :, :4] = 1.0
    row = augment(images, TrainConfig(thickness=0.5), Generator().manual_seed(0))[:, 14]
    assert row[:, :3].eq(1).all()
    width = row.sum(dim=1)
    assert width.min().item() == pytest.approx(3.5, abs=0.02)
    assert width.max().item() == pytest.approx(4.5, abs=0.02)


def test_augmented_images_stay_in_range_and_pad_with_paper() -> None:
    config = TrainConfig(rotation=45.0, scaling=0.5, shear=0.5, translation=10.0, elastic=5.0, thickness=1.0)
    warped = augment(torch.ones(50, 28, 28), config, Generator().manual_seed(0))
    assert warped.shape == (50, 28, 28)
    assert warped.min() == 0.0
    assert warped.max() <= 1.0


def test_augmentation_accepts_a_batch_of_one() -> None:
    assert augment(squares(1), TrainConfig(rotation=10.0), Generator().manual_seed(0)).shape == (1, 28, 28)


def test_augmentation_differs_between_images_and_repeats_with_its_generator() -> None:
    config = TrainConfig(rotation=20.0, translation=2.0)
    before = torch.get_rng_state()
    first = augment(squares(2), config, Generator().manual_seed(0))
    assert torch.get_rng_state().equal(before)
    assert not first[0].equal(first[1])
    assert augment(squares(2), config, Generator().manual_seed(0)).equal(first)
    assert not augment(squares(2), config, Generator().manual_seed(1)).equal(first)
