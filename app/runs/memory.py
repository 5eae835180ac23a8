"""How much memory a run will take, said before it starts.

The factors were fitted to the largest resident sets of trainings in float32 on the CPU; in bfloat16 a step takes half
as much (tests/measure/training_memory.py).
"""

from __future__ import annotations

from typing import NamedTuple

from app.runs.estimate import images_per_epoch
from app.server.limits import MB, Limits
from ram.checkpoints import parameter_count
from ram.config import RAMConfig
from ram.evaluation import BATCH_PIXELS
from ram.training.measuring import TRAINING_SAMPLE
from ram.training.run_folder import RunConfig

FLOAT = 4  # bytes of a number
ALWAYS = 320 * MB  # Python, PyTorch and MNIST
# Bytes for each pixel of the images that errors are read on, while they are laid out: of those held back, and of those
# trained on. The larger of the two takes more, and what the smaller one takes is not all freed.
LARGER, SMALLER = 11, 4
KEPT_WEIGHTS = 12  # the model, its average, gradients, what the optimiser keeps, and what is being saved
# Numbers that a glimpse leaves for the backward pass, as multiples of the sizes of its layers.
PER_GLIMPSE_UNIT, PER_UNIT, PER_LSTM_UNIT = 4, 3, 18


class Memory(NamedTuple):
    """What a run takes at its peak."""

    size: float
    """Bytes."""
    advice: str
    """What to choose smaller."""


def memory_problem(config: RunConfig, limits: Limits, *, with_drawings: bool) -> str:
    """Why a run would take more memory than this server gives it, in one sentence; empty if it would not."""
    needed = training_memory(config, with_drawings=with_drawings)
    if needed.size <= limits.training_memory * MB:
        return ""
    return (
        f"This training would take about {needed.size / MB:,.0f} MB of memory; this server gives it at most "
        f"{limits.training_memory:,.0f} MB: choose a smaller {needed.advice}."
    )


def training_memory(config: RunConfig, *, with_drawings: bool = False) -> Memory:
    """An estimate of the largest resident set of a run's process on the CPU."""
    training, model = config.training, config.model
    images, side = images_per_epoch(config, with_drawings=with_drawings), training.data.image_size
    held_back, measured = training.data.validation_images, max(1, BATCH_PIXELS // side**2)
    smaller, larger = (count * side**2 for count in sorted((held_back, min(images, TRAINING_SAMPLE))))
    kept = smaller + larger
    seen = FLOAT * min(training.schedule.batch_size, images) * _windows(model, side)
    looks = FLOAT * min(training.schedule.batch_size, images) * training.loss.rollouts * _left_by_looks(model)
    # One after the other: images are laid out once, and then steps and measurements take turns.
    largest = max(
        Memory(LARGER * larger + SMALLER * smaller, "validation_images or image_size"),
        Memory(kept + seen + looks, "batch_size or rollouts" if looks > seen else "batch_size or glimpse_size"),
        Memory(
            kept + FLOAT * min(held_back, measured) * (_windows(model, side) + _kept_of_looks(model)),
            "glimpse_size",
        ),
    )
    weights = FLOAT * KEPT_WEIGHTS * parameter_count(model)
    return Memory(ALWAYS + weights + largest.size, largest.advice if largest.size > weights else "hidden_size")


def _windows(model: RAMConfig, image_size: int) -> int:
    """Numbers that the sensor makes of an image: one with borders for each scale; for several, three while it does."""
    sides = [image_size + model.window_size(scale) for scale in range(model.num_scales)]
    return image_size**2 * (1 if model.num_scales == 1 else 4) + sum(side**2 for side in sides)


def _left_by_looks(model: RAMConfig) -> int:
    """Numbers that the looks at an image leave for the backward pass."""
    units = PER_LSTM_UNIT if model.use_lstm else PER_UNIT
    layers = PER_GLIMPSE_UNIT * model.glimpse_hidden_size + units * model.hidden_size
    return model.num_glimpses * (model.patch_features + layers)


def _kept_of_looks(model: RAMConfig) -> int:
    """Numbers that looks without a backward pass keep."""
    return model.num_glimpses * (model.patch_features + model.hidden_size)
