"""The training step as a CUDA graph, recorded once and then replayed.

A step is about a thousand small operations, and a GPU computes them in a tenth of the time that it takes to start them
one by one. Nothing in a recorded step may wait for the device or copy from the host, so all that differs from step to
step is read from tables on the device.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.optim import Optimizer

from ram.config import TrainConfig
from ram.training.batches import EpochOrder
from ram.training.loss import READINGS
from ram.training.schedule import StepSettings, settings_at

WARM_UP = 2  # steps before the recording, in which libraries are loaded and memory is taken

Step = Callable[[Int[Tensor, " batch"], StepSettings], Float[Tensor, " readings"]]


class StepGraph:
    """A training step that the device repeats by itself. On a CPU it is not recorded, but runs in the same way.

    Args:
        step: learns from the digits at some positions, with some settings; returns the READINGS.
        order: the order of the digits.
        config: the settings of each step; without a time budget, because its steps are not known in advance.
        optimizers: those that `step` uses.
        generator: the one that `step` uses.
    """

    def __init__(
        self, step: Step, order: EpochOrder, config: TrainConfig, optimizers: list[Optimizer], generator: Generator
    ) -> None:
        self.step = step
        self.order = order
        self.config = config
        self.optimizers = optimizers
        self.generator = generator
        device = order.device
        self._epoch = -1
        self._positions = order.epoch(0)
        # With settings of zero, which the warm-up has, a step changes no weights.
        self._settings = torch.zeros(order.steps_per_epoch, len(StepSettings._fields), device=device)
        self._place = torch.zeros((), dtype=torch.long, device=device)
        self._readings = torch.zeros(len(READINGS), device=device)
        self._graph: torch.cuda.CUDAGraph | None = None

    def advance(self, step: int) -> Float[Tensor, " readings"]:
        """Takes step number `step`, without waiting for it; they must be taken in order."""
        epoch, place = divmod(step, self.order.steps_per_epoch)
        if self._place.is_cuda and self._graph is None:
            with torch.cuda.device(self._place.device):
                self._graph = self._record()
        if epoch != self._epoch:
            self._load(epoch, place)
        if self._graph is None:
            self._take_step()
        else:
            with torch.cuda.device(self._place.device):
                self._graph.replay()
        return self._readings.clone()

    def _take_step(self) -> None:
        place = self._place.clamp(max=self.order.steps_per_epoch - 1)
        settings = StepSettings(*self._settings[place.view(1)].squeeze(dim=0).unbind())
        size = self.order.batch_size
        index = self._positions[place * size + torch.arange(size, device=place.device)]
        self._readings.copy_(self.step(index, settings))
        self._place += 1

    def _load(self, epoch: int, place: int) -> None:
        """Fills the tables for one epoch, and goes to a place in it."""
        count = self.order.steps_per_epoch
        steps = range(epoch * count, (epoch + 1) * count)
        whole = count * self.config.schedule.epochs
        self._settings.copy_(torch.tensor([settings_at(step / whole, step, self.config) for step in steps]))
        self._positions.copy_(self.order.epoch(epoch))
        self._place.fill_(place)
        self._epoch = epoch

    def _record(self) -> torch.cuda.CUDAGraph:
        """Records a step. The warm-up leaves no trace: what it changes is put back, in place."""
        random = self.generator.get_state()
        memories = [(optimizer, _copy(optimizer)) for optimizer in self.optimizers]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._take_step()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph, stream=stream):
            self._take_step()
        torch.cuda.synchronize()
        self.generator.set_state(random)
        for optimizer, memory in memories:
            _put_back(optimizer, memory)
        return graph


Memory = dict[Tensor, dict[str, Tensor]]


def _copy(optimizer: Optimizer) -> Memory:
    return {
        parameter: {name: value.clone() for name, value in values.items()}
        for parameter, values in optimizer.state.items()
    }


def _put_back(optimizer: Optimizer, memory: Memory) -> None:
    """Restores what `_copy` gave; an optimiser that had not begun remembers zeros."""
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            before = memory.get(parameter, {}).get(name)
            value.zero_() if before is None else value.copy_(before)
