"""The optimisers of a training: AdamW, and for the matrices between hidden units Muon, if that is asked for."""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from ram.config import TrainConfig
from ram.training.muon import Muon

BETWEEN_HIDDEN_UNITS = ("glimpse_network.glimpse_encoder.", "glimpse_network.combine.", "core_network.")


def make_optimizers(model: nn.Module, config: TrainConfig) -> list[Optimizer]:
    """Optimisers that together hold each of a RAM's parameters once; their learning rate is the same.

    Muon is for matrices between hidden units. What leads from two coordinates, or to the answers, stays with AdamW, and
    so do biases.
    """
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        between = name.startswith(BETWEEN_HIDDEN_UNITS) and parameter.ndim == 2
        (matrices if between and config.optimizer == "muon" else others).append(parameter)
    optimizers: list[Optimizer] = [AdamW(others, weight_decay=config.weight_decay, fused=True)]
    if matrices:
        optimizers.append(Muon(matrices, weight_decay=config.weight_decay))
    return optimizers


def optimizer_tensors(model: nn.Module, optimizers: list[Optimizer]) -> dict[str, Tensor]:
    """All that they remember, by `<parameter>:<moment>`."""
    return {
        f"{name}:{moment}": value
        for name, parameter in model.named_parameters()
        for optimizer in optimizers
        for moment, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizers(model: nn.Module, optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    """Goes back to what `optimizer_tensors` gave.

    Raises:
        KeyError: they are another model's, or another optimiser's.
    """
    state: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        name, moment = key.rsplit(":", 1)
        state.setdefault(name, {})[moment] = value
    if not state:  # before the first step there is nothing to remember
        return
    names = {parameter: name for name, parameter in model.named_parameters()}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                moments = state[names[parameter]].items()
                optimizer.state[parameter] = {moment: value.to(parameter.device) for moment, value in moments}
