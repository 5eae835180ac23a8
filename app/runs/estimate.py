"""How long a run will take, said before it starts."""

from __future__ import annotations

import time

import streamlit as st
import torch

from ram.checkpoints import parameter_count
from ram.config import OptimizerName, RAMConfig
from ram.data.mnist import Digits
from ram.model import RAM
from ram.presets import PRESETS
from ram.training.learner import Learner
from ram.training.measuring import EARLY, PASSES, TRAINING_SAMPLE
from ram.training.run_folder import RunConfig

YARDSTICK = "one-minute"
ALL_IMAGES = 60_000
STEP_SHARE = 60_000  # what a step costs whatever the size of the model, in parameters
PIXEL_SHARE = 126  # what making an image larger than MNIST's costs for each pixel more, in parameters
_STEPS = 5


def training_seconds(config: RunConfig, *, with_drawings: bool = False) -> float:
    """Seconds on one core of this machine: the time budget, or else an estimate from the work to do."""
    training, data, epochs = config.training, config.training.data, config.training.schedule.epochs
    if training.schedule.minutes:
        return 60 * training.schedule.minutes
    images = images_per_epoch(config, with_drawings=with_drawings)
    # Measuring takes no gradients, a third of the work. It is done before the run, early in it, and after each epoch.
    measured = (PASSES * data.validation_images + TRAINING_SAMPLE) / 3 * (epochs + 1 + len(EARLY))
    trained = images * training.loss.rollouts * epochs
    pixels = (data.image_size**2 - 28**2) * (images * epochs + measured)
    work = _work(config.model) * (trained + measured) + PIXEL_SHARE * pixels
    return seconds_per_unit(training.optimization.optimizer) * work


def images_per_epoch(config: RunConfig, *, with_drawings: bool) -> int:
    """How many images a run goes through in an epoch, drawings among them."""
    data = config.training.data
    images = data.train_images or ALL_IMAGES - data.validation_images
    return round(images / (1 - data.drawing_share)) if with_drawings else images


def _work(model: RAMConfig) -> float:
    """What training one image once costs, up to a factor: the multiplications, and a share for every step."""
    return float(parameter_count(model) + STEP_SHARE) * model.num_glimpses


@st.cache_resource(show_spinner=False)
def seconds_per_unit(optimizer: OptimizerName) -> float:
    """What one unit of `_work` takes here, from a few steps of the training, once a server for each optimiser."""
    preset = PRESETS[YARDSTICK]
    size = preset.training.schedule.batch_size
    digits = Digits(torch.randint(256, (size, 28, 28), dtype=torch.uint8), torch.zeros(size, dtype=torch.long))
    learner = Learner(RAM(preset.model), preset.training.replace(optimizer=optimizer), digits, torch.arange(size))
    times = []
    for _ in range(_STEPS):
        start = time.perf_counter()
        learner.train_step()
        times.append(time.perf_counter() - start)
    return min(times) / (size * _work(preset.model))


def in_words(seconds: float) -> str:
    """A duration as one says it: "40 seconds", "5 minutes", "1.5 hours"."""
    if seconds < 90:
        return _counted(round(seconds), "second")
    if seconds < 90 * 60:
        return _counted(round(seconds / 60), "minute")
    return _counted(round(seconds / 3600, 1), "hour")


def briefly(seconds: float) -> str:
    """A duration for a small place: "40 s", "5:20 min", "1:05 h"."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02} h"


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
