"""Which optimiser moves what, and how far."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ram.config import OptimizerConfig, RAMConfig
from ram.model import RAM
from ram.options import ConfigError
from ram.training.optimizers import make_optimizers, optimizer_tensors, restore_optimizers

ROOT = Path(__file__).parents[3]
MATRICES = {
    False: ["glimpse_encoder", "combine", "hidden_linear", "input_linear"],
    True: ["glimpse_encoder", "combine", "lstm", "lstm"],
}


@pytest.mark.parametrize("use_lstm", [False, True])
def test_muon_takes_the_matrices_between_hidden_units(use_lstm: bool) -> None:
    model = RAM(RAMConfig(use_lstm=use_lstm))
    adamw, muon = make_optimizers(model, OptimizerConfig(optimizer="muon"))
    names = {parameter: name for name, parameter in model.named_parameters()}
    taken = [names[parameter] for parameter in muon.param_groups[0]["params"]]
    assert [name.split(".")[-2] for name in taken] == MATRICES[use_lstm]
    left = [names[parameter] for parameter in adamw.param_groups[0]["params"]]
    assert sorted(taken + left) == sorted(names.values())


def test_adamw_takes_everything_by_default() -> None:
    model = RAM()
    (adamw,) = make_optimizers(model, OptimizerConfig())
    assert isinstance(adamw, torch.optim.AdamW)
    assert len(adamw.param_groups[0]["params"]) == len(list(model.parameters()))


def test_adamw_moves_weights_as_pytorchs_own_does() -> None:
    ours, theirs = RAM(), RAM()
    theirs.load_state_dict(ours.state_dict())
    (adamw,) = make_optimizers(ours, OptimizerConfig(weight_decay=0.1))
    reference = torch.optim.AdamW(theirs.parameters(), weight_decay=0.1, fused=True)
    for _ in range(3):
        for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn_like(mine)
            its.grad = mine.grad.clone()
        adamw.step()
        reference.step()
    assert all(mine.equal(its) for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True))


TRAIN = """
import sys
from ram.train import main
assert main(sys.argv[1:]) == 0
assert "torch._dynamo" not in sys.modules
"""


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_training_does_not_import_the_compiler(tmp_path: Path, optimizer: str) -> None:
    sizes = ["--train-images", "32", "--validation-images", "100", "--batch-size", "32", "--epochs", "1"]
    flags = [*sizes, "--run", str(tmp_path / "run"), "--optimizer", optimizer, "--device", "cpu", "--threads", "1"]
    subprocess.run([sys.executable, "-c", TRAIN, *flags], cwd=ROOT, check=True)


def test_step_of_muon_has_like_singular_values_and_the_length_of_adamws() -> None:
    model = RAM()
    weight = model.core_network.hidden_linear.weight
    before = weight.detach().clone()
    muon = make_optimizers(model, OptimizerConfig(optimizer="muon", weight_decay=0.0))[1]
    muon.param_groups[0]["lr"] = 0.01
    # Directions as unlike in size as 1 and 10, which a step along the gradient would leave unlike
    left, right = (torch.linalg.qr(torch.randn(256, 256))[0] for _ in range(2))
    weight.grad = left @ torch.diag(torch.linspace(1, 10, 256)) @ right
    muon.step()
    step = (before - weight).detach()
    values = torch.linalg.svdvals(step) / (0.01 * 0.2 * 16)  # 16 is the root of 256
    assert values.max() < 1.3  # three iterations bring them near one, not to it
    assert values.max() / values.min() < 3
    assert step.square().mean().sqrt() == pytest.approx(0.2 * 0.01, rel=0.15)  # as AdamW's are in the long run


def test_what_is_remembered_comes_back() -> None:
    config = OptimizerConfig(optimizer="muon")
    model = RAM()
    optimizers = make_optimizers(model, config)
    restore_optimizers(model, optimizers, optimizer_tensors(model, optimizers))  # before the first step: nothing
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    for optimizer in optimizers:
        optimizer.step()
    kept = optimizer_tensors(model, optimizers)
    assert kept["core_network.hidden_linear.weight:momentum_buffer"].shape == (256, 256)
    assert kept["value_network.linear.bias:exp_avg"].shape == (1,)
    again = make_optimizers(model, config)
    restore_optimizers(model, again, kept)
    assert all(value.equal(kept[name]) for name, value in optimizer_tensors(model, again).items())
    with pytest.raises(KeyError):
        restore_optimizers(model, again, {"value_network.linear.bias:exp_avg": torch.zeros(1)})


def test_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^optimizer='sgd' is not possible: it must be one of \('adamw', 'muon'\)$"):
        OptimizerConfig(optimizer="sgd")  # type: ignore[arg-type]
