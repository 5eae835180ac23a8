"""The training step, and everything that learns by it. All of it is in memory: files are the trainer's."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import TrainConfig
from ram.data.mnist import Digits
from ram.machine import native_bfloat16
from ram.model import RAM
from ram.training.batches import Batch, EpochOrder, draw_batch
from ram.training.distributed import ProcessGroup
from ram.training.finishes import Finishes, Weights, phase_at
from ram.training.loss import Objective
from ram.training.optimizers import make_optimizers, optimizer_tensors, restore_optimizers
from ram.training.pull import pull_weight
from ram.training.schedule import Progress, learning_rate


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


class Learner:
    """A model, the moving average of its weights, its optimisers, and its way through the training digits.

    Args:
        model: with its initial weights, on the device to train on.
        config: how to train it.
        digits: all training digits, on the same device.
        epoch: positions of the digits of one epoch.
        group: the processes that train together; this one alone if absent.
    """

    def __init__(
        self,
        model: RAM,
        config: TrainConfig,
        digits: Digits,
        epoch: Int[Tensor, " draws"],
        group: ProcessGroup | None = None,
    ) -> None:
        self.model = model
        self.config = config
        self.digits = digits
        self.group = group or ProcessGroup()
        self.device = digits.images.device
        precision = config.optimization.precision
        self.low_precision = native_bfloat16(self.device) if precision == "auto" else precision == "bfloat16"
        self.objective = self.group.wrap(Objective(model, config))
        self.averaged = copy.deepcopy(model).requires_grad_(False)
        self.optimizers = make_optimizers(model, config.optimization)
        self.generator = Generator(self.device).manual_seed(config.schedule.seed)
        self.order = EpochOrder(epoch, config.schedule, self.device)
        self.progress = Progress(config.schedule, self.order.steps_per_epoch)
        self.finishes = Finishes(config.finishing, config.augmentation)

    @property
    def pull(self) -> float:
        """Weight of the pull of looks towards the digit."""
        return pull_weight(self.config.pull, self.progress.share)

    def train_step(self) -> Float[Tensor, " readings"]:
        """Takes one optimiser step on the next batch; returns the READINGS without waiting for the device."""
        phase = phase_at(self.progress.share, self.config.finishing)
        if phase.number != self.finishes.begun:
            self._restart(self.finishes.begin(phase.number, self.averaged.state_dict()))
        schedule = self.config.schedule
        self._set_learning_rate(schedule.learning_rate * phase.peak * learning_rate(phase.done, schedule.warm_up))
        whole = self.draw_batch()
        batch = whole.part(self.group.share(len(whole.labels)))
        total, readings = self.loss(batch)
        # The group's gradients are averaged with equal weights, though the shares need not be equally large.
        share = len(batch.labels) / len(whole.labels)
        self.backward(total * share * self.group.size)
        self.update()
        return self.group.mean(readings, share)

    def draw_batch(self) -> Batch:
        """Draws the next batch.

        Each process draws the whole batch, and takes its share later: so a run takes the same course in a group of any
        size.
        """
        return draw_batch(
            self.digits,
            self.order.batch(self.progress.step),
            self.config,
            self.finishes.augmentation,
            self.generator,
            moves=self.model.config.num_glimpses - 1,
            with_centre=self.pull > 0,
        )

    def loss(self, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, " readings"]]:
        """The loss of a batch, and its READINGS."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
            return self.objective(batch, self.pull)

    def backward(self, loss: Float[Tensor, ""]) -> None:
        """Replaces the gradients by those of the loss."""
        self.model.zero_grad(set_to_none=True)
        loss.backward()

    def update(self) -> None:
        """Applies the gradients, and moves the averaged weights after the new ones.

        Raises:
            TrainingError: the gradients are not finite. On a GPU this is not found here, because it would have to be
                waited for.
        """
        config = self.config.optimization
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        if self.device.type == "cpu" and not norm.isfinite():
            raise self.diverged()
        for optimizer in self.optimizers:
            optimizer.step()
        self.progress.step += 1
        self._average_weights(config.ema_decay)

    def diverged(self) -> TrainingError:
        """The error that says so."""
        return TrainingError(
            f"the training diverged at step {self.progress.step} (its numbers are no longer finite): "
            f"use a lower learning_rate than {self.config.schedule.learning_rate:g}"
        )

    def result(self) -> RAM:
        """The model as it would be if the run ended now, a copy: the averaged weights, over all finishes."""
        model = copy.deepcopy(self.averaged)
        model.load_state_dict(self.finishes.mean_with(self.averaged.state_dict()))
        return model

    def tensors(self) -> dict[str, Tensor]:
        """Everything needed to go on as if nothing had happened, with `progress` and the finishes begun."""
        parts = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": optimizer_tensors(self.model, self.optimizers),
            "finishes": self.finishes.tensors(),
        }
        tensors = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
        return tensors | {"generator": self.generator.get_state()}

    def restore(self, tensors: dict[str, Tensor], *, step: int, elapsed: float, finishes: int) -> None:
        """Restores what `tensors` gave after `step` steps, `elapsed` seconds and the begin of `finishes` finishes.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: the tensors are those of another run.
        """
        self.model.load_state_dict(_below(tensors, "model."))
        self.averaged.load_state_dict(_below(tensors, "averaged."))
        restore_optimizers(self.model, self.optimizers, _below(tensors, "optimizer."))
        self.finishes.restore(_below(tensors, "finishes."), finishes)
        self.generator.set_state(tensors["generator"])
        self.progress.step, self.progress.elapsed = step, elapsed

    def _restart(self, weights: Weights) -> None:
        """Goes back to these weights; the digits and the noise to come are new."""
        self.model.load_state_dict(weights)
        self.averaged.load_state_dict(weights)
        self.optimizers = make_optimizers(self.model, self.config.optimization)

    def _set_learning_rate(self, rate: float) -> None:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate

    @torch.no_grad()
    def _average_weights(self, decay: float) -> None:
        # The average follows quickly at first, or it would remember the random initial weights.
        step = self.progress.step
        weight = 1 - min(decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.model.parameters()), weight)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
