"""How long a run will take, said before it starts."""

from __future__ import annotations

import dataclasses
import time

import streamlit as st

from ram.config import PRESETS, OptimizerName, RAMConfig
from ram.training.run_folder import RunConfig

YARDSTICK = "one-minute"
ALL_IMAGES = 60_000
MEASURED_BESIDE = 2000  # training images whose error is read at each measurement
EARLY_MEASUREMENTS = 5
STEP_SHARE = 60_000  # what a step costs whatever the size of the model, in parameters
PIXEL_SHARE = 126  # what making an image larger than MNIST's costs for each pixel more, in parameters
_STEPS = 5


def training_seconds(config: RunConfig, *, with_drawings: bool = False) -> float:
    """Seconds on one core of this machine: the time budget, or else an estimate from the work to do."""
    training = config.training
    if training.minutes:
        return 60 * training.minutes
    images = training.train_images or ALL_IMAGES - training.validation_images
    if with_drawings:
        images = round(images / (1 - training.drawing_share))
    # Measuring takes no gradients, a third of the work; the first epoch is measured more often.
    measured = (2 * training.validation_images + MEASURED_BESIDE) / 3 * (training.epochs + EARLY_MEASUREMENTS)
    trained = images * training.rollouts * training.epochs
    pixels = (training.image_size**2 - 28**2) * (images * training.epochs + measured)
    return seconds_per_unit(training.optimizer) * (_work(config.model) * (trained + measured) + PIXEL_SHARE * pixels)


def _work(model: RAMConfig) -> float:
    """What training one image once costs, up to a factor: the multiplications, and a share for every step."""
    from ram.checkpoints import parameter_count

    return float(parameter_count(model) + STEP_SHARE) * model.num_glimpses


@st.cache_resource(show_spinner=False)
def seconds_per_unit(optimizer: OptimizerName) -> float:
    """What one unit of `_work` takes here, from a few real training steps, once a server for each optimiser."""
    import torch

    from ram.machine import native_bfloat16
    from ram.model import RAM
    from ram.training.optimizers import make_optimizers
    from ram.training.reinforce import hybrid_loss

    preset = PRESETS[YARDSTICK]
    model, size = RAM(preset.model), preset.training.batch_size
    images, labels = torch.rand(size, 28, 28), torch.zeros(size, dtype=torch.long)
    optimizers, times = make_optimizers(model, dataclasses.replace(preset.training, optimizer=optimizer)), []
    for _ in range(_STEPS):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=native_bfloat16(images.device)):
            episode = model.episode(images, rollouts=preset.training.rollouts)
            logits, values = model.action_network.logits(episode.hidden_states[-1]), model.values(episode)
        loss = hybrid_loss(logits, values, episode.location_log_probs, labels)
        model.zero_grad(set_to_none=True)
        (loss.action + loss.reinforce + loss.value).backward()
        for each in optimizers:
            each.step()
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
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}:{seconds % 60:02.0f} min"
    return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f} h"


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
