"""The optimisers of a training: AdamW, or Muon for the matrices between hidden units and AdamW for the rest."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer

from ram.config import OptimizerConfig
from ram.machine import native_bfloat16

BETWEEN_HIDDEN_UNITS = ("glimpse_network.glimpse_encoder.", "glimpse_network.combine.", "core_network.")

MOMENTUM = 0.95
QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: steep at zero; a few iterations bring 0.1 to 1 near one
ITERATIONS = 3  # models learn no worse than with the usual five, and steps take a fifth less


def make_optimizers(model: nn.Module, config: OptimizerConfig) -> list[Optimizer]:
    """Optimisers that together hold each of a RAM's parameters once; their learning rate is the same.

    Muon is for matrices between hidden units. Matrices that lead from two coordinates or to the answers stay with
    AdamW, and so do biases.
    """
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        between = name.startswith(BETWEEN_HIDDEN_UNITS) and parameter.ndim == 2
        (matrices if between and config.optimizer == "muon" else others).append(parameter)
    optimizers: list[Optimizer] = [
        EagerAdamW(others, weight_decay=config.weight_decay, fused=True, capturable=others[0].is_cuda)
    ]
    if matrices:
        optimizers.append(Muon(matrices, weight_decay=config.weight_decay))
    return optimizers


def optimizer_tensors(model: nn.Module, optimizers: list[Optimizer]) -> dict[str, Tensor]:
    """The state of all optimisers, by `<parameter>:<moment>`."""
    return {
        f"{name}:{moment}": value
        for name, parameter in model.named_parameters()
        for optimizer in optimizers
        for moment, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizers(model: nn.Module, optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    """Restores the state that `optimizer_tensors` gave.

    Raises:
        KeyError, ValueError: it is the state of another model, or of another optimiser, or not finite.
    """
    state: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        name, moment = key.rsplit(":", 1)
        if not bool(value.isfinite().all()):
            raise ValueError(f"{key} is not finite")
        state.setdefault(name, {})[moment] = value
    if not state:  # before the first step there is nothing to remember
        return
    names = {parameter: name for name, parameter in model.named_parameters()}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                found = state[names[parameter]]
                moments = {"momentum_buffer"} if isinstance(optimizer, Muon) else {"step", "exp_avg", "exp_avg_sq"}
                if {moment: value.shape for moment, value in found.items()} != {
                    moment: () if moment == "step" else parameter.shape for moment in moments
                }:
                    raise ValueError(f"these are not the moments of {names[parameter]}")
                optimizer.state[parameter] = {
                    moment: value.to(parameter.device, torch.float32) for moment, value in found.items()
                }


class Eager(Optimizer):
    """An optimiser that nobody compiles.

    The wrappers around PyTorch's own keep its compiler away from them. They import that compiler, which takes longer
    than importing the rest of PyTorch.
    """

    add_param_group = inspect.unwrap(Optimizer.add_param_group)
    zero_grad = inspect.unwrap(Optimizer.zero_grad)


class EagerAdamW(Eager, torch.optim.AdamW):
    """AdamW, as PyTorch has it."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


class Muon(Eager):
    """Steps whose singular values are all alike (Jordan et al. 2024, "Muon: An optimizer for hidden layers").

    PyTorch's own always computes in bfloat16, which takes seven times as long as a whole training step on a processor
    that has to emulate it.

    Args:
        params: the matrices.
        weight_decay: decoupled; a step takes this times the learning rate off each weight, as a share of it.
    """

    def __init__(self, params: Iterable[nn.Parameter], *, weight_decay: float) -> None:
        super().__init__(params, {"lr": 1e-3, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Moves every matrix along its momentum, made orthogonal."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is not None:
                    self._move(matrix, matrix.grad, group["lr"], group["weight_decay"])

    def _move(self, matrix: Tensor, gradient: Tensor, lr: float | Tensor, weight_decay: float) -> None:
        memory = self.state[matrix]
        if not memory:
            memory["momentum_buffer"] = torch.zeros_like(matrix)
        momentum = memory["momentum_buffer"]
        momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM)  # Nesterov's: as if one step ahead
        rows, columns = matrix.shape
        # Square blocks one by one: an LSTM keeps the matrices of its four gates in one.
        blocks = ahead.unflatten(0, (-1, columns)) if rows % columns == 0 else ahead[None]
        direction = orthogonal(blocks).view_as(matrix)
        # Elements as large as AdamW's, so that one learning rate suits both (Liu et al. 2025, section 2.2).
        length = 0.2 * max(matrix.shape) ** 0.5
        matrix.mul_(1 - lr * weight_decay).sub_(direction * (lr * length))


def orthogonal(matrix: Float[Tensor, "count rows columns"]) -> Float[Tensor, "count rows columns"]:
    """The matrices with the same singular vectors and singular values near one (Newton and Schulz's iteration)."""
    wide = matrix if matrix.shape[1] <= matrix.shape[2] else matrix.mT
    x = wide.bfloat16() if native_bfloat16(matrix.device) else wide
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp(min=1e-7)  # no singular value is above one now
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x if wide is matrix else x.mT).to(matrix.dtype)
