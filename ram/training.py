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
from ram.clutter import ink_centre, scatter, scattered, strew
from ram.collection import DIGIT_NAMES
from ram.data import DataError, Digits, as_floats
from ram.evaluation import count_errors
from ram.machine import native_bfloat16
from ram.mixture import change, mix
from ram.model import RAM
from ram.objective import READINGS, Batch, Objective
from ram.runs import RunConfig, RunError, RunFolder, RunState, Status
from ram.teacher import Teacher, load_teacher
from ram.team import Team

REPORT_EVERY_S = 1.0
SAVE_EVERY_S = 60.0
VALIDATION_SEEDS = 2
TRAINING_SAMPLE = 2000  # training images whose error is read beside the validation error
LEAST_STEPS = 50  # between two measurements: with few images, epochs are shorter than measuring takes
MOST_MEASUREMENTS = 100  # in a run: more would slow it down, and say nothing new
EARLY = (16, 8, 4, 2)  # parts of the first round after which it is measured, too: most happens there
TRACED_CLASSES = (2, 3, 4, 5, 7, 8)


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


def learning_rate(progress: float, warm_up: float, finish: float = 0.0) -> float:
    """The learning rate as a share of its peak: a linear rise until `warm_up`, then half a cosine down to zero.

    The same again, to half the peak, in the share of the run that is its finish. A function of the progress in [0, 1]
    alone, so that a resumed run needs no scheduler state.
    """
    if finish and progress >= 1 - finish:
        return 0.5 * learning_rate(1 - (1 - progress) / finish, warm_up)
    done = progress / (1 - finish)
    return done / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


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
        self.lighter = self.config.training.with_lighter_changes()
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
        precision = self.config.training.precision
        self.low_precision = native_bfloat16(device) if precision == "auto" else precision == "bfloat16"
        torch.manual_seed(self.config.training.seed)
        self.model = RAM(self.config.model)
        if (start := folder.read_start(self.config)) is not None:
            self.model.load_state_dict(start)
        self.model.to(device)
        self.teacher = self._load_teacher() if self.config.training.distillation else None
        self.objective = self.team.wrap(Objective(self.model, self.config.training))
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), weight_decay=self.config.training.weight_decay, fused=True
        )
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
        self.folder.append_trace(self._traced_digits())
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
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * learning_rate(progress, config.warm_up, config.finish)
        batch = self._draw_batch(config.noise_start + (config.noise_end - config.noise_start) * progress)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
            total, readings = self.objective(batch, config.guidance * max(0.0, 1 - 2 * progress))
        self.optimizer.zero_grad(set_to_none=True)
        # The team's gradients are averaged with equal weights, though the shares need not be equally large.
        share = len(batch.labels) / batch.of
        (total * share * self.team.size).backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        # A GPU would have to be waited for: there the next reading finds out.
        if self.device.type == "cpu" and not norm.isfinite():
            raise self._diverged()
        self.optimizer.step()
        self.step += 1
        self._average_weights(config.ema_decay)
        return self.team.mean(readings, share)

    def _draw_batch(self, location_std: float) -> Batch:
        """This process's share of the next batch, with everything random in it.

        All is drawn for the whole batch, whatever the share: so a run goes the same way in a team of any size.
        """
        config = self.config.training
        digits = self.training.take(self._batch_index())
        changes = self.lighter if self.progress >= 1 - config.finish else config
        images, labels = change(digits, changes, self.generator)
        advice = self._advice(images)
        images = scatter(images, self.training.images, config.image_size, 0, self.generator)
        centre = ink_centre(images)
        strew(images, self.training.images, config.clutter, self.generator)
        episodes, moves = len(images) * config.rollouts, self.config.model.num_glimpses - 1
        first = torch.rand(episodes, 2, generator=self.generator, device=self.device) * 2 - 1
        noise = torch.empty(moves, episodes, 2, device=self.device).normal_(std=location_std, generator=self.generator)
        share = self.team.share(len(images))
        walks = slice(share.start * config.rollouts, share.stop * config.rollouts)
        return Batch(
            images=images[share],
            labels=labels[share],
            centre=centre[share],
            initial_location=first[walks],
            noise=noise[:, walks],
            location_std=location_std,
            of=len(images),
            advice=None if advice is None else advice[share],
        )

    def _load_teacher(self) -> Teacher:
        if self.mixture.classes != DIGIT_NAMES:
            raise DataError("the teacher knows the ten digits only: set distillation to 0 for classes of your own")
        return load_teacher().to(self.device)

    @torch.no_grad()
    def _advice(self, images: Float[Tensor, "batch 28 28"]) -> Float[Tensor, "batch classes"] | None:
        """What the teacher thinks of the digits, before anything is put around or over them."""
        if self.teacher is None:
            return None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
            return self.teacher(images)

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
        for average, current in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            average.lerp_(current, weight)

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

        The best weights so far become best.safetensors. With drawings these are always the latest: to
        choose by digits would favour the start, and to choose by a few held-back drawings would flatter. With
        a finish, too: its end is what the run was for, and the best of many measurements would be the luckiest.
        """
        error = self._error(self.mixture.validation, VALIDATION_SEEDS)
        errors = {
            "validation_error": error,
            "training_error": self._error(self.training_sample, 1),
        }
        own = self.mixture.held_back
        if len(own.labels):
            errors["drawings_error"] = self._error(own, VALIDATION_SEEDS)
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
            save_checkpoint(self.folder.best, self.averaged.state_dict(), info)
        self.folder.append_trace({**self._position(), **self._trace(), "accuracy": 100 - error})
        return errors

    def _scattered(self, digits: Digits) -> Digits:
        """What is measured with: as large and cluttered as what is trained with, the same in every run."""
        return scattered(digits, self.config.training.image_size, self.config.training.clutter, seed=0)

    def _error(self, digits: Digits, seeds: int) -> float:
        wrong = sum(count_errors(self.averaged, digits, seed=seed) for seed in range(seeds))
        return 100 * wrong / (seeds * len(digits.labels))

    def _traced(self) -> Digits:
        """The few digits, one of a class, whose looks are recorded: own symbols first, then own drawings."""
        held_back, validation, names = self.mixture.held_back, self.mixture.validation, self.mixture.classes
        pool = Digits(*(torch.cat(pair) for pair in zip(held_back, validation, strict=True)))
        labels = pool.labels.tolist()
        first = {label: labels.index(label) for label in set(labels)}  # a drawing where there is one

        def rank(label: int) -> tuple[bool, bool, bool, int]:
            is_digit, is_drawn = names[label] == str(label), first[label] < len(held_back.labels)
            return is_digit, not is_drawn, label not in TRACED_CLASSES, label

        chosen = sorted(sorted(first, key=rank)[: len(TRACED_CLASSES)])
        return pool.take(torch.tensor([first[label] for label in chosen]))

    def _traced_digits(self) -> dict[str, Any]:
        digits = self._traced()
        return {
            "images": digits.images.tolist(),
            "labels": digits.labels.tolist(),
            "classes": list(self.mixture.classes),
        }

    @torch.inference_mode()
    def _trace(self) -> dict[str, Any]:
        """One look at each traced digit, always from the same first glimpses."""
        images = as_floats(self._traced().images.to(self.device))
        generator = Generator().manual_seed(0)
        first = torch.rand(len(images), 2, generator=generator) * 2 - 1
        rollout = self.averaged.rollout(images, sample_locations=False, initial_location=first.to(self.device))
        return {
            name: [[_rounded(step) for step in digit] for digit in getattr(rollout, name).tolist()]
            for name in ("locations", "values", "class_probs")
        }

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
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        tensors["generator"] = self.generator.get_state()
        progress = {"step": self.step, "elapsed": self.elapsed, "best_error": self.best_error}
        self.folder.write_latest(tensors, progress)

    def restore(self) -> None:
        """Goes back to what `save` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        tensors, progress = self.folder.read_latest()
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _below(tensors, "optimizer.").items():
            index, moment = name.split(".")
            state.setdefault(int(index), {})[moment] = value
        try:
            self.model.load_state_dict(_below(tensors, "model."))
            self.averaged.load_state_dict(_below(tensors, "averaged."))
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
            self.generator.set_state(tensors["generator"])
            self.step, self.elapsed = progress["step"], progress["elapsed"]
            self.best_error = progress["best_error"]
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(f"{self.folder.latest} does not fit this run: start the run again") from error
        self.folder.forget_after(self.step)


def _rounded(numbers: Any) -> Any:
    """Four digits are more than a screen shows, and keep the file small."""
    return [round(number, 4) for number in numbers] if isinstance(numbers, list) else round(numbers, 4)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
