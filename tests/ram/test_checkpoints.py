import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ram.checkpoints import (
    CheckpointError,
    CheckpointInfo,
    load_checkpoint,
    load_digit_check,
    parameter_count,
    read_info,
    save_checkpoint,
)
from ram.config import RAMConfig
from ram.digit_check import DigitCheck
from ram.files import write_atomically
from tests.ram.checkpoint_files import CONFIG, INFO, make_model, weights_of, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(
    "config", [CONFIG, RAMConfig(), dataclasses.replace(CONFIG, use_lstm=True, num_scales=2, location_std=0.05)]
)
def test_loaded_model_is_the_saved_one(path: Path, config: RAMConfig) -> None:
    model = make_model(config)
    save_checkpoint(path, model.state_dict(), dataclasses.replace(INFO, config=config))
    loaded = load_checkpoint(path, "cpu")
    assert loaded.config == config
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    image, start = torch.rand(28, 28), torch.zeros(2)
    mine = model.rollout(image, sample_locations=False, initial_location=start)
    theirs = loaded.rollout(image, sample_locations=False, initial_location=start)
    for one, other in zip(mine, theirs, strict=True):
        assert one.equal(other)


def test_loaded_model_can_be_trained_on(path: Path) -> None:
    save_checkpoint(path, make_model().state_dict(), INFO)
    loaded = load_checkpoint(path, "cpu")
    before = weights_of(loaded)["action_network.linear.weight"]
    optimizer = torch.optim.SGD(loaded.parameters(), lr=0.1)
    loaded.rollout(torch.rand(2, 28, 28)).logits.square().sum().backward()
    optimizer.step()
    assert not loaded.state_dict()["action_network.linear.weight"].equal(before)


def test_checkpoint_says_what_it_is(path: Path) -> None:
    save_checkpoint(path, make_model().state_dict(), INFO)
    assert read_info(path) == INFO


def test_earlier_checkpoint_stays_readable(path: Path) -> None:
    write(path)
    assert read_info(path) == INFO
    loaded = load_checkpoint(path, "cpu")
    for name, weight in make_model().state_dict().items():
        assert loaded.state_dict()[name].equal(weight)


def test_path_may_be_a_string(path: Path) -> None:
    write(path)
    assert load_checkpoint(str(path), "cpu").config == CONFIG


def test_loaded_model_does_not_depend_on_its_file_any_more(path: Path) -> None:
    write(path)
    loaded = load_checkpoint(path, "cpu")
    with path.open("r+b") as file:  # in place: a view of the file would see it
        file.write(b"\0" * path.stat().st_size)
    for name, weight in make_model().state_dict().items():
        assert loaded.state_dict()[name].equal(weight)


def test_loading_draws_no_random_numbers(path: Path) -> None:
    write(path)
    before = torch.get_rng_state()
    load_checkpoint(path, "cpu")
    assert torch.get_rng_state().equal(before)


def test_saving_accepts_weights_that_need_gradients_or_are_not_contiguous(path: Path) -> None:
    weights: dict[str, Tensor] = dict(make_model().named_parameters())
    weights["action_network.linear.weight"] = torch.rand(8, 3).T
    save_checkpoint(path, weights, INFO)
    assert load_checkpoint(path, "cpu").action_network.linear.weight.equal(weights["action_network.linear.weight"])


def digit_check() -> DigitCheck:
    return DigitCheck(torch.arange(4.0 * 3 * 8), torch.tensor(-1.5))


def test_digit_check_is_kept_beside_the_weights(path: Path) -> None:
    model = make_model()
    save_checkpoint(path, model.state_dict(), INFO, digit_check())
    found = load_digit_check(path)
    assert found is not None
    assert found.weight.equal(digit_check().weight)
    assert found.bias.item() == -1.5
    loaded = load_checkpoint(path, "cpu")
    assert loaded.state_dict().keys() == model.state_dict().keys()
    assert parameter_count(CONFIG) == sum(weight.numel() for weight in loaded.parameters())


def test_checkpoint_without_a_digit_check_has_none(path: Path) -> None:
    write(path)
    assert load_digit_check(path) is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"digit_check.bias": None}, "needs: 'digit_check.bias' is missing$"),
        (
            {"digit_check.weight": torch.zeros(5)},
            r"digit_check.weight is F32 \[5\]; its configuration needs F32 \[96\]$",
        ),
        ({"digit_check.bias": torch.tensor(float("nan"))}, "digit_check.bias has weights that are not finite numbers$"),
        ({"digit_check.scale": torch.zeros(1)}, "'digit_check.scale' is not one of them$"),
    ],
)
def test_damaged_digit_check_is_named(path: Path, damage: dict[str, Tensor | None], message: str) -> None:
    check = {"digit_check.weight": digit_check().weight, "digit_check.bias": digit_check().bias, **damage}
    write(path, {**weights_of(make_model()), **{name: tensor for name, tensor in check.items() if tensor is not None}})
    for load in (load_checkpoint, load_digit_check):
        with pytest.raises(CheckpointError, match=message):
            load(path)


def test_weights_in_half_precision_are_read_as_floats(path: Path) -> None:
    weights = {name: weight.half() for name, weight in make_model().state_dict().items()}
    save_checkpoint(path, weights, CheckpointInfo(CONFIG, image_size=28, recipe={}, results={}))
    loaded = load_checkpoint(path, "cpu").state_dict()
    assert all(weight.dtype == torch.float32 for weight in loaded.values())
    assert all(loaded[name].equal(weight.float()) for name, weight in weights.items())


def test_saving_replaces_an_older_file_and_leaves_nothing_else(path: Path) -> None:
    path.write_bytes(b"old")
    save_checkpoint(path, make_model().state_dict(), INFO)
    assert load_checkpoint(path, "cpu").config == CONFIG
    assert [file.name for file in path.parent.iterdir()] == ["model.safetensors"]


def test_full_disk_leaves_the_old_checkpoint(path: Path) -> None:
    write(path)
    before = path.read_bytes()
    script = f"""
import resource
from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram import RAM, RAMConfig
model = RAM(RAMConfig())
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    save_checkpoint({str(path)!r}, model.state_dict(), CheckpointInfo(model.config, 28, {{}}, {{}}))
except OSError as error:
    print(error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "File too large\n"
    assert path.read_bytes() == before
    assert load_checkpoint(path, "cpu").config == CONFIG
    assert [file.name for file in path.parent.iterdir()] == ["model.safetensors"]


def test_missing_folder_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save_checkpoint(tmp_path / "nowhere" / "model.safetensors", make_model().state_dict(), INFO)


def test_file_that_cannot_take_its_place_is_removed(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "taken", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_written_file_is_readable_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "state.json", b"{}")
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o644


def test_description_that_is_not_json_is_not_written(path: Path) -> None:
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match="not JSON serializable"):
        save_checkpoint(path, make_model().state_dict(), dataclasses.replace(INFO, results={"path": path}))
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("device", ["cuda:99", "meta", "mps"])
def test_absent_device_is_named(path: Path, device: str) -> None:
    write(path)
    with pytest.raises(ValueError, match=f"^device='{device}' is not available here: use 'auto' or 'cpu'$"):
        load_checkpoint(path, device)


def test_parameter_count_makes_no_weights() -> None:
    assert parameter_count(RAMConfig()) == 209_421
    before = torch.get_rng_state()
    parameter_count(RAMConfig(hidden_size=4096, use_lstm=True))
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 2000}, "image_size=2000 is not from 1 to 1024"),
        ({"classes": ("a", "a", "b")}, "two of its classes have the same name"),
        ({"classes": ("a",)}, "it has to name 3 classes"),
        ({"classes": ("a", "b", "x" * 41)}, "it has to name 3 classes in 1 to 40 printable characters"),
        ({"classes": ("a", "b", "c\nd")}, "it has to name 3 classes in 1 to 40 printable characters"),
        ({"classes": ("a", "b", "\ud800")}, "the names of its classes are damaged"),
        ({"recipe": {"start": "\udcff"}}, "the description in it is damaged"),
        ({"config": dataclasses.replace(CONFIG, hidden_size=9)}, r"is torch.float32 \[.*its configuration needs F32"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(path: Path, change: dict[str, Any], message: str) -> None:
    path.write_bytes(b"old")
    with pytest.raises(CheckpointError, match=message):
        save_checkpoint(path, make_model().state_dict(), dataclasses.replace(INFO, **change))
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("spoil", ["double", "nan", "missing", "more"])
def test_weights_that_could_not_be_loaded_are_not_saved(path: Path, spoil: str) -> None:
    weights, name = weights_of(make_model()), "value_network.linear.weight"
    if spoil == "double":
        weights = {key: weight.double() for key, weight in weights.items()}
    elif spoil == "nan":
        weights[name][0, 3] = float("nan")
    elif spoil == "missing":
        del weights[name]
    else:
        weights["more"] = torch.zeros(1)
    with pytest.raises(CheckpointError, match=r"^model\.safetensors"):
        save_checkpoint(path, weights, INFO)
    assert not path.exists()


def test_numpys_numbers_are_saved_as_numbers(path: Path) -> None:
    results = {"error": np.float32(1.5), "epoch": np.int64(3), "whole": np.bool_(True)}
    numbers: dict[str, Any] = {"hidden_size": np.int64(8), "location_std": np.float32(0.5)}
    config = dataclasses.replace(CONFIG, **numbers)
    save_checkpoint(path, make_model().state_dict(), dataclasses.replace(INFO, config=config, results=results))
    assert read_info(path).results == {"error": 1.5, "epoch": 3, "whole": True}
    assert read_info(path).config == dataclasses.replace(CONFIG, hidden_size=8, location_std=0.5)
