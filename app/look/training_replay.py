"""A recorded training: what its model saw in a few fixed digits, reading after reading, as plain arrays."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ram.config import RAMConfig, Reward
from ram.model import GlimpseSensor

MOST_READINGS = 120


@dataclasses.dataclass(frozen=True)
class TrainingReplay:
    """R readings of D digits of H x W pixels: G glimpses at S scales, and what they led to among C classes."""

    run: str
    """Name of the run."""
    images: npt.NDArray[np.uint8]
    """(D, H, W), grey levels from 0 to 255, 0 is paper."""
    labels: npt.NDArray[np.int64]
    """(D,), the true classes."""
    classes: tuple[str, ...]
    """Names of the C classes."""
    glimpse_size: int
    """Side of a patch, in pixels."""
    steps: npt.NDArray[np.int64]
    """(R,), optimiser steps before each reading, ascending; 0 is the untrained model."""
    epochs: npt.NDArray[np.float64]
    """(R,), the same in passes over the training digits."""
    locations: npt.NDArray[np.float32]
    """(R, D, G, 2), (x, y) in [-1, 1], (-1, -1) is the top-left corner; the first is the initial location."""
    corners: npt.NDArray[np.int64]
    """(R, D, G, S, 2), (x, y) of each window's top-left pixel, negative beyond the border; finest scale first."""
    values: npt.NDArray[np.float64]
    """(R, D, G), the value network's estimate, after each glimpse, of the reward at the end."""
    class_probs: npt.NDArray[np.float64]
    """(R, D, G, C), the action network read after each glimpse."""
    accuracy: npt.NDArray[np.float64]
    """(R,), validation accuracy in percent; NaN where it was not measured."""
    reward: Reward = "hit"
    """What the values expect."""

    @property
    def answers(self) -> npt.NDArray[np.int64]:
        """(R, D), the most probable class after the last glimpse."""
        return self.class_probs[:, :, -1].argmax(axis=-1)


class _Header(NamedTuple):
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]


class _Reading(NamedTuple):
    step: int
    epoch: float
    locations: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    class_probs: npt.NDArray[np.float64]
    accuracy: float


def read_replay(rows: list[dict[str, Any]], config: RAMConfig, *, run: str = "") -> TrainingReplay | None:
    """Reads the scan paths that a run recorded; None while there are none, or if their header is damaged.

    Damaged readings are left out, because the others are still worth seeing. Of two readings at the same step,
    which a resumed run may write, the later one counts.

    Args:
        rows: the lines of the run's file, the header first.
        config: the architecture of the model.
        run: name of the run; replays of different runs must differ in it if their digits are the same.
    """
    header = _header(rows[0], config.num_actions) if rows else None
    if header is None:
        return None
    found = (_reading(row, len(header.labels), config) for row in rows[1:])
    by_step = {reading.step: reading for reading in found if reading is not None}
    readings = _thin([by_step[step] for step in sorted(by_step)])
    if not readings:
        return None
    locations = np.stack([reading.locations for reading in readings]).astype(np.float32)
    return TrainingReplay(
        run=run,
        images=header.images,
        labels=header.labels,
        classes=header.classes,
        glimpse_size=config.glimpse_size,
        steps=np.array([reading.step for reading in readings]),
        epochs=np.array([reading.epoch for reading in readings]),
        locations=locations,
        corners=_corners(locations, header.images, config),
        values=np.stack([reading.values for reading in readings]),
        class_probs=np.stack([reading.class_probs for reading in readings]),
        accuracy=np.array([reading.accuracy for reading in readings]),
    )


def _header(row: Any, num_classes: int) -> _Header | None:
    try:
        images, labels, classes = np.asarray(row["images"]), np.asarray(row["labels"]), tuple(row["classes"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    fits = (
        images.ndim == 3
        and images.size > 0
        and images.dtype.kind in "iu"
        and 0 <= images.min() <= images.max() <= 255
        and labels.shape == images.shape[:1]
        and labels.dtype.kind in "iu"
        and 0 <= labels.min() <= labels.max() < num_classes
        and len(classes) == num_classes
        and all(isinstance(name, str) for name in classes)
    )
    return _Header(images.astype(np.uint8), labels.astype(np.int64), classes) if fits else None


def _reading(row: Any, digits: int, config: RAMConfig) -> _Reading | None:
    try:
        accuracy = row["accuracy"]
        reading = _Reading(
            step=operator.index(row["step"]),
            epoch=float(row["epoch"]),
            locations=np.asarray(row["locations"], dtype=np.float64),
            values=np.asarray(row["values"], dtype=np.float64),
            class_probs=np.asarray(row["class_probs"], dtype=np.float64),
            accuracy=np.nan if accuracy is None else float(accuracy),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    looks = (digits, config.num_glimpses)
    fits = (
        0 <= reading.step < 2**53  # what the browser can count
        and np.isfinite(reading.epoch)
        and reading.locations.shape == (*looks, 2)
        and bool((np.abs(reading.locations) <= 1).all())  # false for NaN
        and reading.values.shape == looks
        and bool(np.isfinite(reading.values).all())
        and reading.class_probs.shape == (*looks, config.num_actions)
        and bool(np.isfinite(reading.class_probs).all())
        and (accuracy is None or np.isfinite(reading.accuracy))
    )
    return reading if fits else None


def _thin(readings: list[_Reading]) -> list[_Reading]:
    """At most `MOST_READINGS`: every second, fourth, eighth ... reading, and the last one.

    The stride is a power of two, so that while a run goes on, mostly its last reading changes.
    """
    stride = 1
    while len(readings[:-1:stride]) + 1 > MOST_READINGS:
        stride *= 2
    return readings[:-1:stride] + readings[-1:]


def _corners(
    locations: npt.NDArray[np.float32], images: npt.NDArray[np.uint8], config: RAMConfig
) -> npt.NDArray[np.int64]:
    sensor = GlimpseSensor(config.glimpse_size, config.num_scales)
    return sensor.corners(torch.from_numpy(locations), *images.shape[1:]).numpy()
