"""Training: the loop from images to a checkpoint, resumable at every step."""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram.data.clutter import ink_centre, scatter, scattered, strew
from ram.data.mixture import change, mix
from ram.data.mnist import DataError, Digits
from ram.evaluation import count_errors
from ram.machine import native_bfloat16
from ram.model import RAM
from ram.training.distributed import Team
from ram.training.objective import READINGS, Batch, Objective
from ram.training.optimizers import make_optimizers, optimizer_tensors, restore_optimizers
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState, Status
from ram.training.scan_paths import describe, trace, traced_digits
from ram.training.schedule import Finishes, learning_rate, phase_at, strength

REPORT_EVERY_S = 1.0
SAVE_EVERY_S = 60.0
VALIDATION_SEEDS = 2
TRAINING_SAMPLE = 2000  # training images whose error is read beside the validation error
LEAST_STEPS = 50  # between two measurements: with few images, epochs are shorter than measuring takes
MOST_MEASUREMENTS = 100  # in a run: more would slow it down, and say nothing new
EARLY = (16, 8, 4, 2)  # parts of the first round after which it is measured, too: most happens there


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


class Trainer:
    """Trains one run and keeps its folder up to date.

    Args:
        folder: where the run lives.
        digits: all training digits of MNIST; the validation split is taken from them.
        device: where to train.
        team: the processes that train together; this one alone if absent.

    Raises:
        RunError: the folder cannot be used.
        DataError: there is nothing to measure with, or the model has not as many classes as the data.
    """

    def __init__(self, folder: RunFolder, digits: Digits, device: torch.device, team: Team | None = None) -> None:
        self.folder = folder
        self.team = team or Team()
        self.config: RunConfig = folder.read_config()
        recipe = self.config.training
        strengths = [strength(number, recipe) for number in range(1, recipe.finishes + 1)]
        self.changes = [recipe, *map(recipe.with_lighter_changes, strengths)]  # by the number of the phase
        self.device = device
        self.mixture = mix(digits, folder.read_drawings(), self.config.training)
        classes = len(self.mixture.classes)
        if self.config.model.num_actions != classes:
            raise DataError(
                f"num_actions={self.config.model.num_actions} does not fit the data: it has {classes} classes"
            )
        training = self.mixture.training
        self.mixture = self.mixture._replace(
            validation=self._scattered(self.mixture.validation), held_back=self._scattered(self.mixture.held_back)
        )
        self.training = Digits(training.images.to(device), training.labels.to(device))
        self.training_sample = self._scattered(training.take(self.mixture.epoch[:TRAINING_SAMPLE]))
        self.traced = traced_digits(self.mixture)
        precision = self.config.training.precision
        self.low_precision = native_bfloat16(device) if precision == "auto" else precision == "bfloat16"
        torch.manual_seed(self.config.training.seed)
        self.model = RAM(self.config.model)
        if (start := folder.read_start(self.config)) is not None:
            self.model.load_state_dict(start)
        self.model.to(device)
        self.objective = self.team.wrap(Objective(self.model, self.config.training))
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizers = make_optimizers(self.model, self.config.training)
        self.finishes = Finishes()
        self.generator = Generator(device).manual_seed(self.config.training.seed)
        self.step = 0
        self.elapsed = 0.0
        self.best_error: float | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training digits."""
        return math.ceil(len(self.mixture.epoch) / self.config.training.batch_size)

    @property
    def steps(self) -> int:
        """Optimiser steps in the whole run; with a time budget an estimate from the steps so far."""
        if self.config.training.minutes:
            return round(self.step / self.progress) if self.progress else 0
        return self.steps_per_epoch * self.config.training.epochs

    @property
    def progress(self) -> float:
        """How much of the run is done, from 0 to 1: of its time budget, or else of its steps."""
        if self.config.training.minutes:
            return min(self.elapsed / (60 * self.config.training.minutes), 1.0)
        return self.step / self.steps

    @property
    def guidance(self) -> float:
        """Weight of the pull towards the digit, which fades away in the first half of the run."""
        return self.config.training.guidance * max(0.0, 1 - 2 * self.progress)

    def run(self, should_stop: Callable[[], bool], on_report: Callable[[dict[str, Any]], None]) -> RunState:
        """Trains until the end or until `should_stop`, saving on the way.

        `on_report` gets each row that goes to metrics.jsonl, about once a second.

        Raises:
            TrainingError: the training diverged; the best checkpoint so far is kept.
            TeamError: another process of the run has ended; it can be resumed from the last save.
        """
        clock = time.monotonic() - self.elapsed
        reported = saved = time.monotonic()
        readings: list[Tensor] = []
        self._write_state("running")
        if self.step == 0 and self.team.leads:
            self._begin()
        stopping = False
        while self.progress < 1 and not stopping:
            with self.team.in_step():
                readings.append(self.train_step())
                self.elapsed, stopping = self.team.follow((time.monotonic() - clock, should_stop()))
            if not self.team.leads:
                continue
            measuring = self._is_time_to_measure()
            if measuring or stopping or time.monotonic() - reported >= REPORT_EVERY_S:
                row = self._reading(readings)
                readings = []
                if measuring:
                    row |= self._measure()
                self.folder.append_metrics(row)
                self._write_state("running")
                on_report(row)
                reported = time.monotonic()
            if measuring or stopping or time.monotonic() - saved >= SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()
        return self._write_state("finished" if self.progress == 1 else "stopped")

    def _begin(self) -> None:
        """Measures the untrained model; from here on a crash at any moment can be resumed."""
        self.folder.forget_after(-1)  # what an attempt left that ended before the first save
        self.folder.append_trace(describe(self.traced, self.mixture.classes))
        self.folder.append_metrics(self._position() | self._measure())
        self.save()

    def _is_time_to_measure(self) -> bool:
        """After every epoch, or where these are very short or very many, after every few."""
        least = max(LEAST_STEPS, self.steps / MOST_MEASUREMENTS)
        steps = self.steps_per_epoch * math.ceil(least / self.steps_per_epoch)
        return self.step % steps == 0 or self.step in {steps // part for part in EARLY} or self.progress == 1

    def train_step(self) -> Float[Tensor, " readings"]:
        """One optimiser step on the next batch; returns the READINGS without waiting for the device."""
        config, progress = self.config.training, self.progress
        phase = phase_at(progress, config)
        if phase.number != self.finishes.begun:
            self._begin_finish(phase.number)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = config.learning_rate * phase.peak * learning_rate(phase.done, config.warm_up)
        batch = self._draw_batch(config.noise_start + (config.noise_end - config.noise_start) * progress)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
            total, readings = self.objective(batch, self.guidance)
        self.model.zero_grad(set_to_none=True)
        # The team's gradients are averaged with equal weights, though the shares need not be equally large.
        share = len(batch.labels) / batch.of
        (total * share * self.team.size).backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        # A GPU would have to be waited for: there the next reading finds out.
        if self.device.type == "cpu" and not norm.isfinite():
            raise self._diverged()
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self._average_weights(config.ema_decay)
        return self.team.mean(readings, share)

    def _begin_finish(self, number: int) -> None:
        """Goes back to the weights that the main part ended with; the digits and the noise to come are new."""
        weights = self.finishes.begin(number, self.averaged.state_dict())
        self.model.load_state_dict(weights)
        self.averaged.load_state_dict(weights)
        self.optimizers = make_optimizers(self.model, self.config.training)

    def _draw_batch(self, location_std: float) -> Batch:
        """This process's share of the next batch, with everything random in it.

        All is drawn for the whole batch, whatever the share: so a run goes the same way in a team of any size.
        """
        config = self.config.training
        digits = self.training.take(self._batch_index())
        images, labels = change(digits, self.changes[self.finishes.begun], self.generator)
        images = scatter(images, self.training.images, config.image_size, 0, self.generator)
        centre = ink_centre(images) if self.guidance else None
        strew(images, self.training.images, config.clutter, self.generator)
        episodes, moves = len(images) * config.rollouts, self.config.model.num_glimpses - 1
        first = torch.rand(episodes, 2, generator=self.generator, device=self.device) * 2 - 1
        noise = torch.empty(moves, episodes, 2, device=self.device).normal_(std=location_std, generator=self.generator)
        share = self.team.share(len(images))
        walks = slice(share.start * config.rollouts, share.stop * config.rollouts)
        return Batch(
            images=images[share],
            labels=labels[share],
            centre=None if centre is None else centre[share],
            initial_location=first[walks],
            noise=noise[:, walks],
            location_std=location_std,
            of=len(images),
        )

    def _batch_index(self) -> Tensor:
        """Positions of the next batch. Each epoch's order follows from the seed and the epoch alone."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if position == 0 or not hasattr(self, "_order"):
            shuffle = Generator().manual_seed(self.config.training.seed * 100_003 + epoch)
            draws = self.mixture.epoch
            self._order = draws[torch.randperm(len(draws), generator=shuffle)].to(self.device)
        size = self.config.training.batch_size
        return self._order[position * size : (position + 1) * size]

    @torch.no_grad()
    def _average_weights(self, decay: float) -> None:
        # The average follows quickly at first, or it would remember the random initial weights.
        weight = 1 - min(decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.model.parameters()), weight)

    def _position(self) -> dict[str, Any]:
        epoch = round(self.step / self.steps_per_epoch, 4)
        return {"step": self.step, "epoch": epoch, "elapsed_s": round(self.elapsed, 3)}

    def _reading(self, readings: list[Tensor]) -> dict[str, Any]:
        means = dict(
            zip(READINGS, (round(mean, 6) for mean in torch.stack(readings).mean(dim=0).tolist()), strict=True)
        )
        if not all(map(math.isfinite, means.values())):
            raise self._diverged()
        return {**self._position(), **means}

    def _diverged(self) -> TrainingError:
        return TrainingError(
            f"the training diverged at step {self.step} (its numbers are no longer finite): "
            f"use a lower learning_rate than {self.config.training.learning_rate:g}"
        )

    def _measure(self) -> dict[str, float]:
        """Errors in percent of the averaged weights, and a look at the traced digits.

        In a finish, of the mean with the ends of those before. The best weights so far become best.safetensors. With
        drawings these are always the latest: to choose by digits would favour the start, and to choose by a few
        held-back drawings would flatter. With a finish, too: its end is what the run was for, and the best of many
        measurements would be the luckiest.
        """
        model = copy.deepcopy(self.averaged)
        model.load_state_dict(self.finishes.mean_with(self.averaged.state_dict()))
        error = _error(model, self.mixture.validation, VALIDATION_SEEDS)
        errors = {"validation_error": error, "training_error": _error(model, self.training_sample, 1)}
        own = self.mixture.held_back
        if len(own.labels):
            errors["drawings_error"] = _error(model, own, VALIDATION_SEEDS)
        latest = len(own.labels) or self.config.training.finish
        if self.best_error is None or error <= self.best_error or latest:
            self.best_error = error
            info = CheckpointInfo(
                config=self.config.model,
                image_size=self.config.training.image_size,
                recipe={
                    "preset": self.config.preset,
                    **({"start": self.config.start} if self.config.start else {}),
                    **dataclasses.asdict(self.config.training),
                },
                results={**errors, "epoch": self.step // self.steps_per_epoch},
                classes=self.mixture.classes,
            )
            save_checkpoint(self.folder.best, model.state_dict(), info)
        self.folder.append_trace({**self._position(), **trace(model, self.traced), "accuracy": 100 - error})
        return errors

    def _scattered(self, digits: Digits) -> Digits:
        """What is measured with: as large and cluttered as what is trained with, the same in every run."""
        return scattered(digits, self.config.training.image_size, self.config.training.clutter, seed=0)

    def _write_state(self, status: Status) -> RunState:
        state = RunState(
            status=status,
            epoch=self.step // self.steps_per_epoch,
            step=self.step,
            steps=self.steps,
            elapsed_s=round(self.elapsed, 1),
            eta_s=round(self.elapsed / self.progress - self.elapsed, 1) if self.progress else 0.0,
            best_error=self.best_error,
        )
        if self.team.leads:
            self.folder.write_state(state)
        return state

    def save(self) -> None:
        """Writes everything needed to go on as if nothing had happened."""
        tensors = {f"model.{name}": weight for name, weight in self.model.state_dict().items()}
        tensors |= {f"averaged.{name}": weight for name, weight in self.averaged.state_dict().items()}
        moments = optimizer_tensors(self.model, self.optimizers)
        tensors |= {f"optimizer.{name}": value for name, value in moments.items()}
        tensors |= {f"finishes.{name}": weight for name, weight in self.finishes.tensors().items()}
        tensors["generator"] = self.generator.get_state()
        progress = {
            "step": self.step,
            "elapsed": self.elapsed,
            "best_error": self.best_error,
            "finishes": self.finishes.begun,
        }
        self.folder.write_latest(tensors, progress)

    def restore(self) -> None:
        """Goes back to what `save` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        tensors, progress = self.folder.read_latest()
        try:
            self.model.load_state_dict(_below(tensors, "model."))
            self.averaged.load_state_dict(_below(tensors, "averaged."))
            restore_optimizers(self.model, self.optimizers, _below(tensors, "optimizer."))
            self.finishes.restore(_below(tensors, "finishes."), progress.get("finishes", 0))
            self.generator.set_state(tensors["generator"])
            self.step, self.elapsed = progress["step"], progress["elapsed"]
            self.best_error = progress["best_error"]
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(f"{self.folder.latest} does not fit this run: start the run again") from error
        if self.team.leads:
            self.folder.forget_after(self.step)


def _error(model: RAM, digits: Digits, seeds: int) -> float:
    wrong = sum(count_errors(model, digits, seed=seed) for seed in range(seeds))
    return 100 * wrong / (seeds * len(digits.labels))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
