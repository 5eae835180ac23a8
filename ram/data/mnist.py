"""MNIST: reading the shipped files, splitting, and augmenting batches."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Generator, Tensor

from ram.config import TrainConfig

MNIST_FOLDER = Path(__file__).resolve().parents[2] / "data" / "mnist"

ELASTIC_MESH = 4  # nodes a side: shifts that differ within a digit, but not within a stroke's width

Split = Literal["train", "test"]
_PREFIX: dict[Split, str] = {"train": "train", "test": "t10k"}

# SHA-256 of the decompressed files: a recompressed copy is as good as the original.
_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class DataError(RuntimeError):
    """The data cannot be read; the message names the file and what to do."""


class Digits(NamedTuple):
    """Labelled images."""

    images: UInt8[Tensor, "batch height width"]
    """Grey levels from 0 (paper) to 255 (ink)."""
    labels: Int[Tensor, " batch"]

    def take(self, index: Tensor) -> Digits:
        """The digits at these positions."""
        return Digits(self.images[index], self.labels[index])


def load_mnist(split: Split, folder: Path = MNIST_FOLDER) -> Digits:
    """Reads 60,000 training or 10,000 test digits of 28x28 pixels.

    Raises:
        DataError: a file is missing, damaged or not the original MNIST.
    """
    prefix = _PREFIX[split]
    images = _read_idx(folder, f"{prefix}-images-idx3-ubyte", header_bytes=16).reshape(-1, 28, 28)
    labels = _read_idx(folder, f"{prefix}-labels-idx1-ubyte", header_bytes=8)
    return Digits(torch.from_numpy(images), torch.from_numpy(labels).long())


def _read_idx(folder: Path, name: str, header_bytes: int) -> np.ndarray:
    path = folder / f"{name}.gz"
    try:
        content = bytearray(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: restore it from the project's data/mnist folder") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): restore it from the project's data/mnist folder") from error
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise DataError(f"{path} is not the original MNIST file: restore it from the project's data/mnist folder")
    return np.frombuffer(content, dtype=np.uint8, offset=header_bytes)


def split_training(digits: Digits, config: TrainConfig) -> tuple[Digits, Digits]:
    """Splits training digits into those to train on and those to choose the best checkpoint by.

    The shuffle is the same in every run, whatever its seed: a digit held back once is held back always.
    """
    order = torch.randperm(len(digits.labels), generator=Generator().manual_seed(0))
    validation, training = order[: config.validation_images], order[config.validation_images :]
    if config.train_images:
        training = training[: config.train_images]
    return digits.take(training), digits.take(validation)


def as_floats(images: UInt8[Tensor, "*batch height width"]) -> Float[Tensor, "*batch height width"]:
    """Grey levels in [0, 1], as the model wants them."""
    return images.float() / 255


def augment(
    images: Float[Tensor, "batch height width"], config: TrainConfig, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Changes each image as another hand and another pen would: a random warp, thicker or thinner strokes."""
    if config.rotation or config.scaling or config.shear or config.translation or config.elastic:
        images = _warp(images, config, generator)
    if config.thickness:
        images = _thicken(images, config.thickness, generator)
    return images


def _warp(
    images: Float[Tensor, "batch height width"], config: TrainConfig, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """A random affine map and a smooth local shift, with bilinear interpolation and zeros outside."""
    batch, height, width = images.shape
    device = images.device
    uniform = torch.rand(6, batch, generator=generator, device=device) * 2 - 1
    angle = uniform[0] * math.radians(config.rotation)
    scale_x, scale_y = 1 + uniform[1] * config.scaling, 1 + uniform[2] * config.scaling
    shear = uniform[3] * config.shear
    cos, sin = angle.cos(), angle.sin()
    # Where each pixel's grey level comes from, in half widths around the middle, as grid_sample wants it.
    x, y = ((torch.arange(side, device=device) + 0.5) * 2 / side - 1 for side in (width, height))
    x, y = x[None, None, :], y[None, :, None]
    columns = _each(cos * scale_x) * x + _each((shear * cos - sin) * scale_y) * y
    rows = _each(sin * scale_x) * x + _each((shear * sin + cos) * scale_y) * y
    shift_x, shift_y = _each(uniform[4]) * 2 / width, _each(uniform[5]) * 2 / height
    grid = torch.stack([columns + config.translation * shift_x, rows + config.translation * shift_y], dim=-1)
    if config.elastic:
        # Independent shifts of a coarse mesh, smooth in between (after Simard et al. 2003).
        mesh = torch.rand(batch, 2, ELASTIC_MESH, ELASTIC_MESH, generator=generator, device=device) * 2 - 1
        shift = (_bicubic(height, device) @ mesh @ _bicubic(width, device).t()).clamp(-1, 1)
        grid = grid + shift.permute(0, 2, 3, 1) * config.elastic * 2 / torch.tensor([width, height], device=device)
    return F.grid_sample(images[:, None], grid, align_corners=False).squeeze(dim=1).clamp_(0, 1)


def _bicubic(side: int, device: torch.device) -> Float[Tensor, "side nodes"]:
    """What each node of the mesh adds to each of `side` pixels: as a product, ten times as fast as interpolating."""
    nodes = torch.eye(ELASTIC_MESH, device=device)
    return F.interpolate(nodes[None, None], (side, ELASTIC_MESH), mode="bicubic", align_corners=True)[0, 0]


def _each(values: Float[Tensor, " batch"]) -> Float[Tensor, "batch 1 1"]:
    """One value an image, to be spread over its pixels."""
    return values[:, None, None]


def _thicken(
    images: Float[Tensor, "batch height width"], most: float, generator: Generator
) -> Float[Tensor, "batch height width"]:
    """Moves each image some way to what it would be with a pixel more around its strokes, or a pixel less."""
    amount = (torch.rand(len(images), 1, 1, generator=generator, device=images.device) * 2 - 1) * most
    sign = amount.sign()  # thinner strokes are thicker paper
    return images + amount.abs() * (sign * _most_around(sign * images) - images)


def _most_around(images: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
    """The largest value among each pixel and its neighbours: as max_pool2d, which takes twenty times as long."""
    padded = F.pad(images, (1, 1, 1, 1), value=-math.inf)
    rows = padded[:, :-2].maximum(padded[:, 1:-1]).maximum(padded[:, 2:])
    return rows[:, :, :-2].maximum(rows[:, :, 1:-1]).maximum(rows[:, :, 2:])
