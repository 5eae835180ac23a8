"""MNIST: reading the shipped files, and splitting the training digits."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Generator, Tensor

from ram.config import DataConfig

MNIST_FOLDER = Path(__file__).resolve().parents[2] / "data" / "mnist"

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
    """The data cannot be used; the message names the file, or the problem, and what to do."""


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


def split_training(digits: Digits, config: DataConfig) -> tuple[Digits, Digits]:
    """Splits training digits into those to train on and those that choose the best checkpoint.

    The shuffle is the same in every run, whatever its seed: a digit that is held back once is always held back.
    """
    order = torch.randperm(len(digits.labels), generator=Generator().manual_seed(0))
    validation, training = order[: config.validation_images], order[config.validation_images :]
    if config.train_images:
        training = training[: config.train_images]
    return digits.take(training), digits.take(validation)


def as_floats(images: UInt8[Tensor, "*batch height width"]) -> Float[Tensor, "*batch height width"]:
    """Grey levels in [0, 1], as the model expects them."""
    return images.float() / 255
