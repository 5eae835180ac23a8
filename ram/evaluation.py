"""Measuring a model: the protocol behind every figure this project quotes.

A measurement is one pass over the images. The first glimpse is drawn uniformly at random, and the answer is the most
probable class after the last glimpse. Figures are the mean and the standard deviation over several seeds. A seed
decides the first glimpses, and everything else that the gaze leaves to chance.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, TypeGuard

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from ram.calibration import at_temperature, calibration_error
from ram.checkpoints import CheckpointInfo
from ram.config import DataConfig
from ram.data.clutter import scattered
from ram.data.collection import DIGIT_NAMES
from ram.data.mnist import MNIST_FOLDER, DataError, Digits, as_floats, load_mnist, split_training
from ram.model import RAM

# Where the model looks: at the policy's means; at samples of the policy with the model's own standard deviation; at
# random places, whatever the policy says; or at the means from ten first glimpses, whose ten answers are averaged.
Gaze = Literal["mean", "sampled", "random", "ten"]
AVERAGED = 10  # rollouts of the gaze "ten"

# Seeds of the larger or cluttered images that a model is measured on. Training chooses its best checkpoint by the
# validation images.
TEST_SEED, VALIDATION_SEED = 1, 0

# The result measured on the validation digits in the same passes as the test error; a run's own "validation_error" is
# the mean of two passes.
VALIDATION = "validation_error_mean"

BATCH_PIXELS = 1000 * 28 * 28  # of one batch: a sensor of several scales keeps many times as many numbers


class OverSeeds(NamedTuple):
    """A figure in percent, measured with several seeds."""

    mean: float
    spread: float
    """Standard deviation over the seeds (of a sample, n - 1)."""
    per_seed: list[float]


class RandomGaze(nn.Module):
    """Replaces a location network: every place is equally likely, whatever has been seen."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def mean(self, hidden_state: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch 2"]:
        """A random (x, y) in [-1, 1] for every hidden state; what the states hold is ignored."""
        place = hidden_state.new_empty(*hidden_state.shape[:-1], 2)
        return place.uniform_(-1, 1, generator=self.generator)

    def log_prob(
        self,
        sample: Float[Tensor, "*batch 2"],
        mean: Float[Tensor, "*batch 2"],
        location_std: float | None = None,
    ) -> Float[Tensor, "*batch"]:
        """The log-density of the uniform distribution: the image has an area of 2 × 2."""
        return sample.new_full(sample.shape[:-1], -math.log(4))


def digits_of(info: CheckpointInfo, split: Literal["test", "validation"], folder: Path = MNIST_FOLDER) -> Digits:
    """The digits that a checkpoint is measured on, in images as large and as cluttered as those it was trained on.

    "test" means the 10,000 MNIST test digits, "validation" the training digits that were held back from it. Larger or
    cluttered images are made once, by `ram.data.clutter.scattered` with TEST_SEED or VALIDATION_SEED, so that they are
    the same for every model and every seed of a measurement.

    Raises:
        DataError: MNIST cannot be read, or the model has other classes.
        ConfigError: its recipe names impossible images.
    """
    config, seed = _data_of(info), TEST_SEED if split == "test" else VALIDATION_SEED
    return scattered(plain_digits_of(info, split, folder), config.image_size, config.clutter, seed=seed)


def plain_digits_of(info: CheckpointInfo, split: Literal["test", "validation"], folder: Path = MNIST_FOLDER) -> Digits:
    """The same digits in the same order, as they are in MNIST: 28x28 pixels and nothing else.

    Raises:
        DataError: as `digits_of`.
        ConfigError: as `digits_of`.
    """
    if info.class_names() != DIGIT_NAMES:
        raise DataError(f"its classes ({', '.join(info.class_names())}) are not MNIST's digits 0 to 9")
    if split == "test":
        return load_mnist("test", folder)
    return split_training(load_mnist("train", folder), _data_of(info))[1]


def _data_of(info: CheckpointInfo) -> DataConfig:
    given = {name: info.recipe[name] for name in ("clutter", "validation_images") if name in info.recipe}
    return DataConfig(image_size=info.image_size, **given)


@torch.inference_mode()
def class_log_probs(
    model: RAM, digits: Digits, *, seed: int, gaze: Gaze = "mean", batch_size: int | None = None
) -> Float[Tensor, "batch classes"]:
    """Logarithms of the class probabilities after the last glimpse, in one pass over the digits."""
    device = next(model.parameters()).device
    generator = Generator(device).manual_seed(seed)
    looking = with_random_gaze(model, generator) if gaze == "random" else model
    rollouts = AVERAGED if gaze == "ten" else 1
    parts = []
    for images in digits.images.split(batch_size or max(1, BATCH_PIXELS // digits.images[0].numel())):
        episode = looking.episode(
            as_floats(images.to(device)),
            rollouts=rollouts,
            sample_locations=gaze == "sampled",
            generator=generator,
        )
        log_probs = model.action_network.logits(episode.hidden_states[-1]).log_softmax(dim=-1)
        # The mean of the probabilities, not of their logarithms: one rollout that is sure and wrong has no veto.
        parts.append(log_probs.unflatten(0, (-1, rollouts)).logsumexp(dim=1) - math.log(rollouts))
    return torch.cat(parts)


def with_random_gaze(model: RAM, generator: Generator) -> RAM:
    """The same model, sharing its networks, with a random gaze."""
    with torch.device("meta"):  # all its networks are replaced: they need no weights
        other = RAM(model.config)
    for name, network in {**dict(model.named_children()), "location_network": RandomGaze(generator)}.items():
        setattr(other, name, network)
    return other


def count_errors(model: RAM, digits: Digits, *, seed: int, gaze: Gaze = "mean", batch_size: int | None = None) -> int:
    """Wrong answers in one pass over the digits."""
    answers = class_log_probs(model, digits, seed=seed, gaze=gaze, batch_size=batch_size).argmax(dim=-1)
    return int((answers != digits.labels.to(answers.device)).sum())


def passes(
    model: RAM, digits: Digits, *, seeds: Iterable[int], gaze: Gaze = "mean"
) -> Float[Tensor, "seeds batch classes"]:
    """The log-probabilities of one pass for each seed, on the CPU."""
    return torch.stack([class_log_probs(model, digits, seed=seed, gaze=gaze).cpu() for seed in seeds])


def error_rate(log_probs: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, " batch"]) -> OverSeeds:
    """The share of wrong answers in the result of `passes`."""
    wrong = (log_probs.argmax(dim=-1) != labels).sum(dim=1)
    return over_seeds([100 * count / len(labels) for count in wrong.tolist()])


def calibration_rate(
    log_probs: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, " batch"], temperature: float = 1.0
) -> OverSeeds:
    """The expected calibration error of the result of `passes`, with its logits divided by the temperature."""
    return over_seeds([calibration_error(one, labels) for one in at_temperature(log_probs, temperature)])


def pieces(info: CheckpointInfo) -> int:
    """The number of pieces of other digits in each image that a checkpoint was trained on."""
    count = info.recipe.get("clutter", 0)
    return count if type(count) is int else 0


def stored(info: CheckpointInfo, name: str) -> OverSeeds | None:
    """The figure of this name in a checkpoint; None if there is none, or it is damaged."""
    found = info.results.get(name)
    if not isinstance(found, dict) or set(found) != set(OverSeeds._fields) or not isinstance(found["per_seed"], list):
        return None
    return OverSeeds(**found) if all(map(is_number, [found["mean"], found["spread"], *found["per_seed"]])) else None


def stored_number(info: CheckpointInfo, name: str) -> float | None:
    """The single number of this name in a checkpoint, such as the validation error; None as for `stored`."""
    found = info.results.get(name)
    return float(found) if is_number(found) else None


def is_number(value: object) -> TypeGuard[float]:
    """Whether an untrusted value is a usable number: neither text, nor NaN, nor too large for a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def over_seeds(percent: list[float]) -> OverSeeds:
    """The figure that was measured as these, one with each seed."""
    return OverSeeds(statistics.fmean(percent), statistics.stdev(percent) if len(percent) > 1 else 0.0, percent)
