"""A checkpoint's results, computed a second time: python -m tests.measure.numpy_results checkpoints/mnist.safetensors

The specification in NumPy walks over the 10,000 test digits; of PyTorch it takes only the random first glimpses. Prints
the error and the calibration error of each pass beside those that the checkpoint carries, and the value's AUC.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file

from ram.checkpoints import CheckpointInfo, read_info
from ram.evaluation import BATCH_PIXELS, digits_of, stored
from ram.value_fit import stored_value

BINS = 15
Array = npt.NDArray[np.float32]


class Pass(NamedTuple):
    """What one pass over all digits came to."""

    probs: npt.NDArray[np.float64]
    """(digits, classes), after the last glimpse."""
    values: Array
    """(digits,), after the last glimpse."""


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.numpy_results", description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help=".safetensors files")
    parser.add_argument("--passes", type=int, default=2, help="of those that the checkpoint was measured in")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for path in options.checkpoints:
        info = read_info(path)
        digits = digits_of(info, "test")
        images, labels = digits.images.numpy(), digits.labels.numpy()
        walker = Walker(info, load_file(path))
        found = [walker.look(images, seed) for seed in range(options.passes)]
        print(path.stem)
        report("error, percent", [error(one, labels) for one in found], carried(info, "test_error_mean"))
        report("calibration", [gap(one, labels) for one in found], carried(info, "calibration_error_after"))
        quality = stored_value(info)
        report("AUC of the value", [auc(found, labels)], [quality.auc[-1]] if quality else [])


def report(name: str, found: list[float], carried: list[float]) -> None:
    """Prints figures beside the checkpoint's; its AUC is over all of its passes."""
    here, there = (" ".join(f"{number:.3f}" for number in numbers[: len(found)]) for numbers in (found, carried))
    print(f"  {name:18} {here}   the checkpoint says {there}", flush=True)


def carried(info: CheckpointInfo, name: str) -> list[float]:
    """The figure of each pass in a checkpoint."""
    found = stored(info, name)
    return found.per_seed if found else []


class Walker:
    """A model in NumPy.

    Args:
        info: its architecture.
        weights: by name.
    """

    def __init__(self, info: CheckpointInfo, weights: dict[str, Array]) -> None:
        self.config = info.config
        self.weights = weights
        self.largest = info.config.window_size(info.config.num_scales - 1)

    def look(self, images: npt.NDArray[np.uint8], seed: int) -> Pass:
        """Looks at all images with mean locations and the first glimpses of a seed."""
        generator = torch.Generator().manual_seed(seed)
        parts = []
        for batch in split(images, max(1, BATCH_PIXELS // images[0].size)):
            start = torch.rand(len(batch), 2, generator=generator).numpy() * 2 - 1
            parts.append(self._walk((batch / np.float32(255)).astype(np.float32), start))
        return Pass(np.concatenate([part.probs for part in parts]), np.concatenate([part.values for part in parts]))

    def _walk(self, images: Array, location: Array) -> Pass:
        hidden = cell = np.zeros((len(images), self.config.hidden_size), np.float32)
        padded = np.pad(images, ((0, 0), (self.largest, self.largest), (self.largest, self.largest)))
        for _ in range(self.config.num_glimpses):
            what = relu(self._linear("glimpse_network.glimpse_encoder", self._see(padded, location, images.shape[1])))
            where = relu(self._linear("glimpse_network.location_encoder", location))
            glimpse = relu(self._linear("glimpse_network.combine", np.concatenate([what, where], axis=1)))
            hidden, cell = self._remember(glimpse, hidden, cell)
            location = np.tanh(self._linear("location_network.linear", hidden))
        logits = self._linear("action_network.linear", hidden).astype(np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Pass(odds / odds.sum(axis=1, keepdims=True), self._linear("value_network.linear", hidden)[:, 0])

    def _see(self, padded: Array, location: Array, side: int) -> Array:
        middle = np.floor((location + 1) / 2 * side + 0.5).astype(int)
        patches = []
        for scale in range(self.config.num_scales):
            size = self.config.window_size(scale)
            left, top = (middle[:, axis, None] - size // 2 + self.largest + np.arange(size) for axis in (0, 1))
            window = padded[np.arange(len(padded))[:, None, None], top[:, :, None], left[:, None, :]]
            shape = (len(padded), self.config.glimpse_size, 2**scale, self.config.glimpse_size, 2**scale)
            patches.append(window.reshape(shape).mean(axis=(2, 4)).reshape(len(padded), -1))
        return np.concatenate(patches, axis=1)

    def _remember(self, glimpse: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        if not self.config.use_lstm:
            new = self._linear("core_network.input_linear", glimpse)
            return relu(new + self._linear("core_network.hidden_linear", hidden)), cell
        gates = np.zeros(1, np.float32)
        for source, kind in ((glimpse, "ih"), (hidden, "hh")):
            weight, bias = (self.weights[f"core_network.lstm.{name}_{kind}_l0"] for name in ("weight", "bias"))
            gates = gates + source @ weight.T + bias
        enter, keep, new, out = np.split(gates, 4, axis=1)
        cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
        return sigmoid(out) * np.tanh(cell), cell

    def _linear(self, name: str, value: Array) -> Array:
        return value @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]


def split(images: npt.NDArray[np.uint8], size: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Batches of images; the generator draws the first glimpses of one at a time."""
    for start in range(0, len(images), size):
        yield images[start : start + size]


def relu(value: Array) -> Array:
    """The rectifier."""
    return np.maximum(value, 0)


def sigmoid(value: Array) -> Array:
    """The logistic function."""
    return (1 / (1 + np.exp(-value))).astype(np.float32)


def error(found: Pass, labels: npt.NDArray[np.int64]) -> float:
    """The share of wrong answers, in percent."""
    return float(100 * (found.probs.argmax(axis=1) != labels).mean())


def gap(found: Pass, labels: npt.NDArray[np.int64]) -> float:
    """The expected calibration error, in percent."""
    sure, right = found.probs.max(axis=1), found.probs.argmax(axis=1) == labels
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs((sure[place == one] - right[place == one]).sum()) for one in range(BINS)]
    return float(100 * sum(gaps) / len(labels))


def auc(found: list[Pass], labels: npt.NDArray[np.int64]) -> float:
    """The share of pairs of a right and a wrong answer in which the right one has the higher value."""
    values = np.concatenate([one.values for one in found])
    right = np.concatenate([one.probs.argmax(axis=1) == labels for one in found])
    wrong = values[~right]
    return float(np.mean([(values[right] > one).mean() + (values[right] == one).mean() / 2 for one in wrong]))


if __name__ == "__main__":
    main()
