"""The training step, and everything that learns by it. All of it is in memory: files are the trainer's."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from ram.config import Precision, TrainConfig
from ram.data.mnist import Digits
from ram.machine import native_bfloat16
from ram.model import RAM
from ram.training.batches import Batch, EpochOrder, draw_batch
from ram.training.distributed import ProcessGroup
from ram.training.loss import Objective
from ram.training.optimizers import make_optimizers, optimizer_tensors, restore_optimizers
from ram.training.schedule import Progress, StepSettings, settings_at
from ram.training.step_graph import StepGraph


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
        self.low_precision = low_precision(config.optimization.precision, self.device)
        self.objective = self.group.wrap(Objective(model, config))
        self.averaged = copy.deepcopy(model).requires_grad_(False)
        self.optimizers = make_optimizers(model, config.optimization)
        self.rate = torch.zeros((), device=self.device)
        for optimizer in self.optimizers:
            for parameters in optimizer.param_groups:
                parameters["lr"] = self.rate
        self.generator = Generator(self.device).manual_seed(config.schedule.seed)
        self.order = EpochOrder(epoch, config.schedule, self.device)
        self.progress = Progress(config.schedule, self.order.steps_per_epoch)
        self._graph = self._make_graph()

    def train_step(self) -> Float[Tensor, " readings"]:
        """Takes one optimiser step on the next batch; returns the READINGS without waiting for the device."""
        step = self.progress.step
        if self._graph:
            readings = self._graph.advance(step)
        else:
            settings = torch.tensor(settings_at(self.progress.share, step, self.config), device=self.device)
            readings = self.step(self.order.batch(step), StepSettings(*settings.unbind()))
        self.progress.step += 1
        return readings

    def step(self, index: Int[Tensor, " batch"], settings: StepSettings) -> Float[Tensor, " readings"]:
        """Learns from the digits at these positions.

        Each process draws the whole batch, and then takes its share: so a run takes the same course in a group of any
        size.

        Raises:
            TrainingError: the gradients are not finite. On a GPU this is not found here, because it would have to be
                waited for.
        """
        whole = self.draw_batch(index, settings.strength)
        batch = whole.part(self.group.share(len(whole.labels)))
        total, readings = self.loss(batch)
        # The group's gradients are averaged with equal weights, though the shares need not be equally large.
        share = len(batch.labels) / len(whole.labels)
        self.model.zero_grad(set_to_none=True)
        (total * share * self.group.size).backward()
        self._update(settings)
        return self.group.mean(readings, share)

    def draw_batch(self, index: Int[Tensor, " batch"], strength: float | Tensor = 1.0) -> Batch:
        """Draws a batch of the digits at these positions."""
        moves = self.model.config.num_glimpses - 1
        with torch.no_grad():
            return draw_batch(self.digits, index, self.config, self.generator, moves=moves, strength=strength)

    def loss(self, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, " readings"]]:
        """The loss of a batch, and its READINGS."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
            return self.objective(batch)

    def diverged(self, what: str = "its gradients") -> TrainingError:
        """The error to raise when numbers of this training are no longer finite."""
        return TrainingError(
            f"the training diverged at step {self.progress.step} ({what} are no longer finite): "
            f"use a lower learning_rate than {self.config.schedule.learning_rate:g}"
        )

    def check_weights(self) -> None:
        """Checks the weights that are measured and saved.

        Raises:
            TrainingError: they are not finite.
        """
        if not all(bool(weight.isfinite().all()) for weight in self.averaged.parameters()):
            raise self.diverged("its weights")

    def tensors(self) -> dict[str, Tensor]:
        """Everything needed to go on as if nothing had happened, apart from `progress`."""
        parts = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": optimizer_tensors(self.model, self.optimizers),
        }
        tensors = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
        return tensors | {"generator": self.generator.get_state()}

    def restore(self, tensors: dict[str, Tensor], *, step: int, elapsed: float) -> None:
        """Restores what `tensors` gave after `step` steps and `elapsed` seconds.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: the tensors are those of another run.
        """
        self.model.load_state_dict(_below(tensors, "model."))
        self.averaged.load_state_dict(_below(tensors, "averaged."))
        restore_optimizers(self.model, self.optimizers, _below(tensors, "optimizer."))
        self.generator.set_state(tensors["generator"])
        self.progress.step, self.progress.elapsed = step, elapsed
        self._graph = self._make_graph()  # the old graph would go on with the tensors of before

    def _make_graph(self) -> StepGraph | None:
        """The step as a GPU repeats it; None where each operation is started by itself.

        These are runs on a CPU, runs with a time budget, whose settings are not known in advance, runs of several
        processes, which wait for each other, and runs in bfloat16, for which recording has not been tried.
        """
        recordable = self.device.type == "cuda" and self.group.size == 1 and not self.low_precision
        if not recordable or self.config.schedule.minutes:
            return None
        return StepGraph(self.step, self.order, self.config, self.optimizers, self.generator)

    def _update(self, settings: StepSettings) -> None:
        """Applies the gradients, and moves the averaged weights after the new ones."""
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.optimization.gradient_clip)
        if self.device.type == "cpu" and not norm.isfinite():
            raise self.diverged()
        self.rate.copy_(settings.learning_rate)
        for optimizer in self.optimizers:
            optimizer.step()
        self._average_weights(settings.averaging)

    @torch.no_grad()
    def _average_weights(self, weight: Tensor) -> None:
        averaged: list[Tensor] = list(self.averaged.parameters())
        current: list[Tensor] = list(self.model.parameters())
        if weight.is_cuda:  # where lerp would wait for the weight
            moves = torch._foreach_sub(current, averaged)
            torch._foreach_mul_(moves, weight)
            torch._foreach_add_(averaged, moves)
        else:
            torch._foreach_lerp_(averaged, current, weight.item())


def low_precision(precision: Precision, device: torch.device) -> bool:
    """Whether matrix products are of bfloat16; sets how a GPU computes those of float32."""
    if precision == "auto" and device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: as fast for products of this size, and more exact
        return False
    return native_bfloat16(device) if precision == "auto" else precision == "bfloat16"


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
