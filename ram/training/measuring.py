"""Measuring a run on digits that it does not train on, and keeping its best weights."""

from __future__ import annotations

import math

from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram.data.clutter import scattered
from ram.data.mixture import Mixture
from ram.data.mnist import Digits
from ram.evaluation import VALIDATION_SEED, count_errors
from ram.model import RAM
from ram.training.run_folder import RunConfig, RunFolder
from ram.training.scan_paths import describe, followed_digits, scan_paths
from ram.training.schedule import Progress

PASSES = 2  # with a first glimpse of their own, over the digits held back
TRAINING_SAMPLE = 2000  # training images whose error is read beside the validation error
LEAST_STEPS = 50  # between two measurements: with few images, epochs are shorter than measuring takes
MOST_MEASUREMENTS = 100  # in a run: more would slow it down, and say nothing new
EARLY = (16, 8, 4, 2)  # parts of the first round after which it is measured, too: most happens there


class Measuring:
    """Reads a run's errors, records a few of its scan paths, and keeps the best checkpoint.

    Args:
        folder: where the results go.
        config: what the run was asked to do.
        mixture: its images; they are put into larger images and clutter once, the same in every run.
    """

    def __init__(self, folder: RunFolder, config: RunConfig, mixture: Mixture) -> None:
        data = config.training.data
        self.folder = folder
        self.config = config
        self.classes = mixture.classes
        self.validation, self.held_back, self.training_sample = (
            scattered(digits, data.image_size, data.clutter, seed=VALIDATION_SEED)
            for digits in (
                mixture.validation,
                mixture.held_back,
                mixture.training.take(mixture.epoch[:TRAINING_SAMPLE]),
            )
        )
        self.followed = followed_digits(self.validation, self.held_back, mixture.classes)
        self.best_error: float | None = None
        """Validation error in percent of the best checkpoint."""

    def begin(self) -> None:
        """Writes down which digits will be followed."""
        self.folder.append_scan_paths(describe(self.followed, self.classes))

    def measure(self, model: RAM, progress: Progress) -> dict[str, float]:
        """Errors in percent of a model, and its looks at the digits that are followed.

        The best weights so far become best.safetensors. With drawings the latest always do: to choose by digits would
        favour the start, and to choose by a few held-back drawings would flatter.
        """
        error = validation_error(model, self.validation)
        errors = {"validation_error": error, "training_error": _error(model, self.training_sample, 1)}
        has_drawings = len(self.held_back.labels) > 0
        if has_drawings:
            errors["drawings_error"] = _error(model, self.held_back, PASSES)
        if self.best_error is None or error <= self.best_error or has_drawings:
            self.best_error = error
            self._save_best(model, {**errors, "epoch": progress.epoch})
        self.folder.append_scan_paths(
            {**progress.position(), **scan_paths(model, self.followed), "accuracy": 100 - error}
        )
        return errors

    def _save_best(self, model: RAM, results: dict[str, float]) -> None:
        config = self.config
        info = CheckpointInfo(
            config=config.model,
            image_size=config.training.data.image_size,
            recipe={
                "preset": config.preset,
                **({"start": config.start} if config.start else {}),
                **config.training.flat(),
            },
            results=results,
            classes=self.classes,
        )
        save_checkpoint(self.folder.best, model.state_dict(), info)


def is_time_to_measure(progress: Progress, least_steps: int = LEAST_STEPS) -> bool:
    """Whether a run should be measured now: after every epoch; after every few, where they are short or many."""
    least = max(least_steps, progress.steps / MOST_MEASUREMENTS)
    steps = progress.steps_per_epoch * math.ceil(least / progress.steps_per_epoch)
    step = progress.step
    return step % steps == 0 or step in {steps // part for part in EARLY} or progress.share == 1


def validation_error(model: RAM, digits: Digits) -> float:
    """The error in percent on digits that were held back, as a run measures it."""
    return _error(model, digits, PASSES)


def _error(model: RAM, digits: Digits, passes: int) -> float:
    wrong = sum(count_errors(model, digits, seed=seed) for seed in range(passes))
    return 100 * wrong / (passes * len(digits.labels))
