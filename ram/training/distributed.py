"""Several processes that train one run together, as `torchrun` starts them; or a single one."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")


class GroupError(RuntimeError):
    """Another process of the group has ended."""


@dataclasses.dataclass(frozen=True)
class ProcessGroup:
    """This process's place among all that share a run.

    Each batch is split among them. Each process draws everything random for the whole batch, from the same seed, so
    that a run takes the same course in a group of any size. Process 0 leads: it alone measures and writes.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Place among the processes of one machine; the number of its GPU."""

    @classmethod
    def from_environment(cls) -> ProcessGroup:
        """The place that torchrun gave this process; a group of one without torchrun."""
        given = os.environ
        return cls(int(given.get("RANK", "0")), int(given.get("WORLD_SIZE", "1")), int(given.get("LOCAL_RANK", "0")))

    @property
    def leads(self) -> bool:
        """Whether this process measures and writes."""
        return self.rank == 0

    def device(self, device: torch.device) -> torch.device:
        """The device of this process: on a machine with several GPUs each takes its own."""
        return torch.device("cuda", self.local_rank) if device.type == "cuda" and self.size > 1 else device

    def __enter__(self) -> ProcessGroup:
        if self.size > 1:
            # DistributedDataParallel imports this module later, and its functions would then keep the group as their
            # default argument for good: Gloo's threads would still run, and see the others go, while Python shuts down.
            importlib.import_module("torch.distributed.nn")
            # Gradients travel over NCCL where they are on a GPU, everything else over Gloo.
            dist.init_process_group("cpu:gloo,cuda:nccl" if dist.is_nccl_available() else "gloo")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.size > 1:
            if error is None:
                dist.barrier()  # process 0 still measures and writes: an early exit would look like a crash
            dist.destroy_process_group()

    @contextlib.contextmanager
    def in_step(self) -> Iterator[None]:
        """Surrounds work that all processes do together; reports in plain words that one of them has ended.

        Raises:
            GroupError: another process has ended.
        """
        try:
            yield
        except RuntimeError as error:
            # Gloo has no exception of its own, but signs its messages.
            if not isinstance(error, dist.DistError) and "gloo" not in str(error):
                raise
            raise GroupError("another process of this run has ended: go on with --resume") from error

    def share(self, count: int) -> slice:
        """This process's share of `count` images."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module, with its gradients averaged over the group after each backward pass."""
        return module if self.size == 1 else DistributedDataParallel(module)

    def mean(self, values: Tensor, share: float) -> Tensor:
        """The mean over the group of values (n,), weighted by each process's share of the batch."""
        if self.size > 1:
            values = values * share
            dist.all_reduce(values)
        return values

    def follow(self, decision: T) -> T:
        """Returns the decision of process 0 in every process."""
        if self.size == 1:
            return decision
        decisions = [decision]
        dist.broadcast_object_list(decisions)
        return decisions[0]
