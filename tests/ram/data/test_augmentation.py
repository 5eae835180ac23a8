"""Distortions of digits, measured on images whose shape is known."""

import pytest
import torch
from torch import Generator, Tensor

from ram.config import AugmentationConfig
from ram.data.augmentation import distort
from ram.data.mnist import Digits, as_floats


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
    assert distort(images, AugmentationConfig(), generator) is images
    assert generator.get_state().equal(before)


def test_translation_shifts_up_to_its_limit_on_both_axes() -> None:
    moved = centres(distort(squares(500), AugmentationConfig(translation=3.0), Generator().manual_seed(0)))
    assert moved.abs().max() <= 3.001
    assert moved.amax(dim=0).tolist() == pytest.approx([3.0, 3.0], abs=0.1)
    assert moved.amin(dim=0).tolist() == pytest.approx([-3.0, -3.0], abs=0.1)
    correlation = torch.corrcoef(moved.T)[0, 1].item()
    assert abs(correlation) < 0.15  # the axes are drawn independently


def test_rotation_turns_about_the_middle() -> None:
    images = torch.zeros(200, 28, 28)
    images[:, 4:7, 12:16] = 1.0  # a mark 8.5 pixels above the middle
    turned = centres(distort(images, AugmentationConfig(rotation=30.0), Generator().manual_seed(0)))
    assert turned.norm(dim=1).tolist() == pytest.approx([8.5] * 200, abs=0.15)
    angle = torch.rad2deg(torch.atan2(turned[:, 0], -turned[:, 1]))
    assert angle.abs().max() <= 30.5
    assert angle.min() < -25
    assert angle.max() > 25


def test_scaling_changes_the_size_and_not_the_place() -> None:
    scaled = distort(squares(300), AugmentationConfig(scaling=0.25), Generator().manual_seed(0))
    assert centres(scaled).abs().max() < 0.01
    # Reading the image in steps of 0.75 to 1.25 pixels: the side of 8 becomes 8 / 1.25 = 6.4 to 8 / 0.75 = 10.67.
    widths, heights = scaled[:, 13].sum(dim=1), scaled[:, :, 13].sum(dim=1)
    # Sharpening moves an edge by up to a fifth of a pixel.
    for sides in (widths, heights):
        assert sides.min().item() == pytest.approx(6.4, abs=0.41)
        assert sides.max().item() == pytest.approx(10.67, abs=0.41)


def test_shear_shifts_rows_against_each_other() -> None:
    sheared = distort(squares(200), AugmentationConfig(shear=0.5), Generator().manual_seed(0))
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
    moved = distort(images, AugmentationConfig(elastic=2.0), Generator().manual_seed(0))
    upper, lower = torch.zeros(400, 28, 28), torch.zeros(400, 28, 28)
    upper[:, :14, :14], lower[:, 14:, 14:] = moved[:, :14, :14], moved[:, 14:, 14:]
    shifts = [centres(upper) + 10.0, centres(lower) - 10.0]
    for shift in shifts:
        assert shift.abs().max() < 2.6  # the mark itself is bent, too, which moves its centre a little more
        assert shift.std() > 0.3
    assert abs(torch.corrcoef(torch.stack([shifts[0][:, 0], shifts[1][:, 0]]))[0, 1].item()) < 0.15


def test_a_quarter_of_the_images_is_only_moved_and_by_whole_pixels() -> None:
    images = torch.rand(2000, 28, 28).clamp(min=0.1)
    images[:, :3] = images[:, -3:] = images[:, :, :3] = images[:, :, -3:] = 0.0  # room to move
    config = AugmentationConfig(rotation=20.0, translation=2.0, elastic=1.0, thickness=0.4)
    changed = distort(images, config, Generator().manual_seed(0))
    shifts = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
    moved = torch.stack([images.roll(shift, dims=(1, 2)) for shift in shifts], dim=1)
    # Within the rounding of interpolation
    plain = (moved - changed[:, None]).abs().amax(dim=(2, 3)) < 1e-3
    assert plain.any(dim=1).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert plain.any(dim=0).all()  # every shift occurs


def test_changed_digits_are_about_as_sharp_as_they_were(training_digits: Digits) -> None:
    def edges(images: Tensor) -> Tensor:
        return (images[:, :, 1:] - images[:, :, :-1]).square().mean()

    images = as_floats(training_digits.images[:1000])
    config = AugmentationConfig(rotation=12.0, scaling=0.12, shear=0.15, translation=1.0, elastic=1.0)
    sharpness = edges(distort(images, config, Generator().manual_seed(0))) / edges(images)
    assert sharpness.item() == pytest.approx(1.0, abs=0.1)


def test_strength_is_a_factor_of_the_warp() -> None:
    config = AugmentationConfig(rotation=30.0)
    weak, weaker = (
        distort(squares(200), AugmentationConfig(rotation=angle), Generator().manual_seed(0), strength)
        for angle, strength in ((30.0, 0.5), (15.0, torch.tensor(1.0)))
    )
    torch.testing.assert_close(weak, weaker)
    still = distort(squares(50), config, Generator().manual_seed(0), 0.0)
    torch.testing.assert_close(still, squares(50))


def test_strokes_become_up_to_a_pixel_thicker_or_thinner_on_each_side() -> None:
    images = torch.zeros(500, 28, 28)
    images[:, :, 12:16] = 1.0  # a line four pixels wide
    changed = distort(images, AugmentationConfig(thickness=0.5), Generator().manual_seed(0))
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
    row = distort(images, AugmentationConfig(thickness=0.5), Generator().manual_seed(0))[:, 14]
    assert row[:, :3].eq(1).all()
    width = row.sum(dim=1)
    assert width.min().item() == pytest.approx(3.5, abs=0.02)
    assert width.max().item() == pytest.approx(4.5, abs=0.02)


def test_augmented_images_stay_in_range_and_pad_with_paper() -> None:
    config = AugmentationConfig(rotation=45.0, scaling=0.5, shear=0.5, translation=10.0, elastic=5.0, thickness=1.0)
    warped = distort(torch.ones(50, 28, 28), config, Generator().manual_seed(0))
    assert warped.shape == (50, 28, 28)
    assert warped.min() == 0.0
    assert warped.max() <= 1.0


def test_augmentation_accepts_a_batch_of_one() -> None:
    assert distort(squares(1), AugmentationConfig(rotation=10.0), Generator().manual_seed(0)).shape == (1, 28, 28)


def test_augmentation_differs_between_images_and_repeats_with_its_generator() -> None:
    config = AugmentationConfig(rotation=20.0, translation=2.0)
    before = torch.get_rng_state()
    first = distort(squares(2), config, Generator().manual_seed(0))
    assert torch.get_rng_state().equal(before)
    assert not first[0].equal(first[1])
    assert distort(squares(2), config, Generator().manual_seed(0)).equal(first)
    assert not distort(squares(2), config, Generator().manual_seed(1)).equal(first)
