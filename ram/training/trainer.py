"""The training loop: from a run's folder to its checkpoint, resumable at every step."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ram.checkpoints import CheckpointError, check_fit, load_checkpoint, read_info
from ram.data.mixture import mix
from ram.data.mnist import DataError, Digits
from ram.evaluation import is_number
from ram.files import is_there
from ram.model import RAM
from ram.options import ConfigError
from ram.training.distributed import ProcessGroup
from ram.training.learner import Learner
from ram.training.loss import READINGS
from ram.training.measuring import LEAST_STEPS, Measuring, is_time_to_measure
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState, Status


@dataclasses.dataclass(frozen=True)
class Pace:
    """How often a run reports, saves and measures."""

    report_s: float = 1.0
    """Seconds between two readings."""
    save_s: float = 60.0
    """Seconds between two saves, if it is not measured meanwhile."""
    least_steps: int = LEAST_STEPS
    """Steps between two measurements, at least."""
    clock: Callable[[], float] = time.monotonic
    """Seconds since any moment; what the run calls its training time."""


class Trainer:
    """Trains one run and keeps its folder up to date.

    Args:
        folder: where the run lives.
        digits: all training digits of MNIST; the validation split is taken from them.
        device: where to train.
        group: the processes that train together; this one alone if absent.
        pace: how often it reports, saves and measures.

    Raises:
        RunError: the folder cannot be used, or another version began the run in a way unknown here.
        DataError: there is nothing to measure with, or the model has not as many classes as the data.
    """

    def __init__(
        self,
        folder: RunFolder,
        digits: Digits,
        device: torch.device,
        group: ProcessGroup | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.folder = folder
        self.group = group or ProcessGroup()
        self.pace = pace or Pace()
        self.config = folder.read_config()
        if self.config.obstacle:
            raise RunError(f"{folder.path} cannot be trained: {self.config.obstacle}")
        mixture = mix(digits, folder.read_drawings(), self.config.training.data)
        _check_classes(self.config, len(mixture.classes))
        self.measuring = Measuring(folder, self.config, mixture)
        training = Digits(*(tensor.to(device) for tensor in mixture.training))
        model = _initial_model(folder, self.config).to(device)
        self.learner = Learner(model, self.config.training, training, mixture.epoch, self.group)
        self.progress = self.learner.progress

    def run(self, should_stop: Callable[[], bool], on_report: Callable[[dict[str, Any]], None]) -> RunState:
        """Trains until the end or until `should_stop`, saving on the way.

        `on_report` gets each row that goes to metrics.jsonl, about once a second.

        Raises:
            TrainingError: the training diverged; the best checkpoint so far is kept.
            GroupError: another process of the run has ended; it can be resumed from the last save.
        """
        clock = self.pace.clock
        start = clock() - self.progress.elapsed
        reported = saved = clock()
        readings: list[Tensor] = []
        self._write_state("running")
        if self.progress.step == 0 and self.group.leads:
            self._begin()
        stopping = False
        while self.progress.share < 1 and not stopping:
            with self.group.in_step():
                readings.append(self.learner.train_step())
                self.progress.elapsed, stopping = self.group.follow((clock() - start, should_stop()))
            if not self.group.leads:
                continue
            measure = is_time_to_measure(self.progress, self.pace.least_steps)
            if measure or stopping or clock() - reported >= self.pace.report_s:
                on_report(self._report(readings, measure))
                readings = []
                reported = clock()
            if measure or stopping or clock() - saved >= self.pace.save_s:
                self.save()
                saved = clock()
        return self._write_state("finished" if self.progress.share == 1 else "stopped")

    def save(self) -> None:
        """Writes everything needed to go on as if nothing had happened."""
        progress = {
            "step": self.progress.step,
            "elapsed": self.progress.elapsed,
            "best_error": self.measuring.best_error,
        }
        self.folder.write_latest(self.learner.tensors(), progress)

    def restore(self) -> None:
        """Goes back to what `save` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        tensors, progress = self.folder.read_latest()
        try:
            step, elapsed, best_error = (progress[name] for name in ("step", "elapsed", "best_error"))
            if type(step) is not int or not all(is_number(number) and number >= 0 for number in (step, elapsed)):
                raise ValueError("it does not say how far the run was")
            if not (best_error is None or is_number(best_error)):
                raise ValueError("its best error is no number")
            self.learner.restore(tensors, step=step, elapsed=float(elapsed))
            self.measuring.best_error = best_error
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(f"{self.folder.latest} does not fit this run: start the run again") from error
        if self.group.leads:
            self.folder.forget_after(self.progress.step)

    def _begin(self) -> None:
        """Measures the untrained model; from here on a crash at any moment can be resumed."""
        self.folder.forget_after(-1)  # what an attempt left that ended before the first save
        self.measuring.begin()
        self.folder.append_metrics(self.progress.position() | self._measure())
        self.save()

    def _report(self, readings: list[Tensor], measure: bool) -> dict[str, Any]:
        """Writes a row to metrics.jsonl: the means of the readings since the last one, and the errors if asked for."""
        means = torch.stack(readings).mean(dim=0).tolist()
        if odd := [name for name, mean in zip(READINGS, means, strict=True) if not math.isfinite(mean)]:
            raise self.learner.diverged(f"its {' and '.join(odd)}")
        row = {
            **self.progress.position(),
            **dict(zip(READINGS, (round(mean, 6) for mean in means), strict=True)),
            **(self._measure() if measure else {}),
        }
        self.folder.append_metrics(row)
        self._write_state("running")
        return row

    def _measure(self) -> dict[str, float]:
        self.learner.check_weights()
        return self.measuring.measure(self.learner.averaged, self.progress)

    def _write_state(self, status: Status) -> RunState:
        state = RunState(
            status=status,
            epoch=self.progress.epoch,
            step=self.progress.step,
            steps=self.progress.steps,
            elapsed_s=round(self.progress.elapsed, 1),
            eta_s=round(self.progress.seconds_left, 1),
            best_error=self.measuring.best_error,
        )
        if self.group.leads:
            self.folder.write_state(state)
        return state


def _check_classes(config: RunConfig, classes: int) -> None:
    if config.model.num_actions != classes:
        raise DataError(f"num_actions={config.model.num_actions} does not fit the data: it has {classes} classes")


def _initial_model(folder: RunFolder, config: RunConfig) -> RAM:
    """The model as the run begins: with random weights, or with those of its start."""
    torch.manual_seed(config.training.schedule.seed)
    model = RAM(config.model)
    if is_there(folder.start):
        try:
            check_fit(config.model, read_info(folder.start).config)
            weights = load_checkpoint(folder.start, "cpu").state_dict()
        except (CheckpointError, ConfigError) as error:
            raise RunError(f"{folder.start} cannot be used: {error}") from error
        model.load_state_dict(weights)
    return model
