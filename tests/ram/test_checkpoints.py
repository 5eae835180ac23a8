import dataclasses
import json
import os
import pickle
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ram.checkpoints import (
    LARGEST_FILE,
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
from ram.machine import choose_device
from ram.model import RAM

ROOT = Path(__file__).parents[2]
CONFIG = RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4, num_actions=3)
INFO = CheckpointInfo(CONFIG, 28, {"preset": "mnist", "epochs": 6}, {"validation_error": 1.25, "epoch": 6})

# What the format is, written out: a file like this must stay readable.
METADATA = {
    "format": "ram-checkpoint-1",
    "config": '{"glimpse_size": 4, "num_glimpses": 3, "hidden_size": 8, "glimpse_hidden_size": 4, "num_actions": 3}',
    "image_size": "28",
    "recipe": '{"preset": "mnist", "epochs": 6}',
    "results": '{"validation_error": 1.25, "epoch": 6}',
}


def make_model(config: RAMConfig = CONFIG) -> RAM:
    torch.manual_seed(0)
    return RAM(config)


def weights_of(model: RAM) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def write(path: Path, weights: dict[str, Tensor] | None = None, **metadata: str | None) -> None:
    """Writes a checkpoint without this project's code, with some of it replaced or (None) left out."""
    entries = {key: value for key, value in {**METADATA, **metadata}.items() if value is not None}
    save_file(weights_of(make_model()) if weights is None else weights, path, entries)


def refuse(path: Path, message: str) -> None:
    """Checks that a file is refused in one line that names it."""
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path, "cpu")
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_missing_file_is_named(path: Path) -> None:
    refuse(path, r"^model\.safetensors cannot be read: No such file or directory$")


def test_folder_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path, "cannot be read: it is a folder and not a file$")


def test_too_large_a_file_is_refused_unread(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # sparse: takes no space
    refuse(path, r"^model\.safetensors has 268,435,457 bytes; a checkpoint has at most 268,435,456$")


class Explosive:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


def test_pickle_is_refused_and_never_run(path: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    path.write_bytes(pickle.dumps(Explosive(trace)))
    refuse(path, r"^model\.safetensors is not a safetensors file, or it is damaged")
    torch.save({"weights": Explosive(trace)}, path)
    refuse(path, r"^model\.safetensors is not a safetensors file, or it is damaged")
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"hello, I am a checkpoint\n" * 100,
        b"\xff" * 1000,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 4) + b"{,,}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc",
        struct.pack("<Q", 100_000) + b'{"a":' * 20_000,
    ],
    ids=["empty", "one-byte", "text", "ones", "huge-header", "bad-json", "a-list", "bad-utf8", "deep-nesting"],
)
def test_file_that_is_no_safetensors_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refuse(path, r"^model\.safetensors is not a safetensors file, or it is damaged")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_truncated_file_is_refused(path: Path, share: float) -> None:
    write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refuse(path, r"^model\.safetensors is not a safetensors file, or it is damaged")


def test_lengthened_file_is_refused(path: Path) -> None:
    write(path)
    path.write_bytes(path.read_bytes() + b"more")
    refuse(path, r"^model\.safetensors is not a safetensors file, or it is damaged")


def test_safetensors_of_another_project_is_refused(path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, path)
    refuse(path, r"^model\.safetensors is not a checkpoint of this project: its format is not 'ram-checkpoint-1'$")


@pytest.mark.parametrize("version", [None, "ram-checkpoint-2", ""])
def test_other_format_is_refused(path: Path, version: str | None) -> None:
    write(path, format=version)
    refuse(path, "is not a checkpoint of this project")


@pytest.mark.parametrize("field", ["config", "image_size", "recipe", "results"])
@pytest.mark.parametrize(
    "value",
    [None, "", "{", "hello", "null", "5000", '"text"', "[1, 2]", '[["a", 1]]', "[" * 100_000, "1" * 5000],
    ids=["missing", "empty", "cut", "text", "null", "number", "string", "list", "pairs", "deep", "digits"],
)
def test_damaged_description_is_refused(path: Path, field: str, value: str | None) -> None:
    damage: dict[str, Any] = {field: value}
    write(path, **damage)
    refuse(path, r"^model\.safetensors cannot be used: ")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden_size": 10**9}, r"cannot be used: hidden_size=1000000000 is not possible: it must be a whole number"),
        ({"num_glimpses": 10**400}, r"cannot be used: num_glimpses=10{20,30}\.\.\.0{20,30} is not possible"),
        ({"location_std": 10**400}, r"cannot be used: location_std=10{20,30}\.\.\.0{20,30} is not possible"),
        ({"location_std": float("nan")}, r"cannot be used: location_std=nan is not possible"),
        ({"location_std": float("inf")}, r"cannot be used: location_std=inf is not possible"),
        ({"glimpse_size": "4"}, r"cannot be used: glimpse_size='4' is not possible"),
        ({"glimpse_size": True}, r"cannot be used: glimpse_size=True is not possible"),
        ({"glimpse_size": [4]}, r"cannot be used: glimpse_size=\[4\] is not possible"),
        ({"glimpse_size": 256, "num_scales": 8}, r"cannot be used: num_scales=8 is not possible: .* at most 1024"),
        ({"use_lstm": "no"}, r"cannot be used: use_lstm='no' is not possible"),
        ({"dropout": 0.5}, r"cannot be used: unknown field 'dropout' of RAMConfig$"),
        ({"__class__": "RAM"}, r"cannot be used: unknown field '__class__' of RAMConfig"),
        ({"window_size": 3}, r"cannot be used: unknown field 'window_size' of RAMConfig"),
    ],
)
def test_impossible_configuration_is_named(path: Path, config: dict[str, Any], message: str) -> None:
    write(path, config=json.dumps(config))
    refuse(path, message)


@pytest.mark.parametrize("value", ["0", "-28", "1025", "28.0", '"28"', "true", "null", "NaN", "1e3"])
def test_impossible_image_size_is_named(path: Path, value: str) -> None:
    write(path, image_size=value)
    refuse(path, r"cannot be used: image_size=.* is not from 1 to 1024$")


def test_huge_model_is_refused_before_it_takes_memory(path: Path) -> None:
    write(path, config=json.dumps({"hidden_size": 4096, "glimpse_hidden_size": 4096, "use_lstm": True}))
    before, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refuse(path, "does not have the weights that its configuration needs")
    assert time.process_time() - before < 5
    # An LSTM of 4,096 units alone would take 4 * 4096 * 8192 * 4 bytes = 512 MiB; ru_maxrss counts KiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100 * 1024


def test_missing_weights_are_named(path: Path) -> None:
    weights = weights_of(make_model())
    del weights["value_network.linear.bias"]
    write(path, weights)
    refuse(path, r"does not have the weights .*: 'value_network\.linear\.bias' is missing$")


def test_extra_weights_are_named(path: Path) -> None:
    write(path, {**weights_of(make_model()), "backdoor.weight": torch.zeros(2)})
    refuse(path, r"does not have the weights .*: 'backdoor\.weight' is not one of them$")


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


def test_no_weights_at_all_are_refused(path: Path) -> None:
    write(path, {})
    refuse(path, "does not have the weights that its configuration needs")


def test_weights_of_another_architecture_are_refused(path: Path) -> None:
    write(path, config=json.dumps({**json.loads(METADATA["config"]), "use_lstm": True}))
    refuse(path, "does not have the weights that its configuration needs")


@pytest.mark.parametrize("shape", [(8,), (3, 9), (8, 3), (24,), (1, 3, 8), (3, 0)])
def test_weights_of_another_shape_are_refused(path: Path, shape: tuple[int, ...]) -> None:
    write(path, {**weights_of(make_model()), "action_network.linear.weight": torch.zeros(shape)})
    refuse(path, r"action_network\.linear\.weight is F32 \[.*\]; its configuration needs F32 \[3, 8\]$")


def test_weights_in_half_precision_are_read_as_floats(path: Path) -> None:
    weights = {name: weight.half() for name, weight in make_model().state_dict().items()}
    save_checkpoint(path, weights, CheckpointInfo(CONFIG, image_size=28, recipe={}, results={}))
    loaded = load_checkpoint(path, "cpu").state_dict()
    assert all(weight.dtype == torch.float32 for weight in loaded.values())
    assert all(loaded[name].equal(weight.float()) for name, weight in weights.items())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int32])
def test_weights_of_another_dtype_are_refused(path: Path, dtype: torch.dtype) -> None:
    write(path, {name: weight.to(dtype) for name, weight in weights_of(make_model()).items()})
    refuse(path, r"its configuration needs F32 \[")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused(path: Path, value: float) -> None:
    weights = weights_of(make_model())
    weights["core_network.hidden_linear.weight"][3, 4] = value
    write(path, weights)
    refuse(path, r"core_network\.hidden_linear\.weight has weights that are not finite numbers$")


def test_checkpoint_error_is_a_value_error() -> None:
    assert issubclass(CheckpointError, ValueError)


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


def test_auto_chooses_a_device_that_is_here() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device() == choose_device("auto")


def test_cpu_is_always_here() -> None:
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["tpu", "", "cuda:x", "CPU"])
def test_unknown_device_is_named(device: str) -> None:
    with pytest.raises(ValueError, match=f"^device='{device}' is unknown: use 'auto', 'cpu', 'cuda' or 'cuda:N'$"):
        choose_device(device)


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


@pytest.mark.parametrize("name", ['"a\\nb"', '" "', '"\\ud800"', '"x\\u202ey"', '"\\u0000"'])
def test_class_name_that_nothing_can_display_is_refused(path: Path, name: str) -> None:
    write(path, classes=f'["a", "b", {name}]')
    refuse(path, "classes")


def test_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    refuse(path, r"^model\.safetensors cannot be read: it is a pipe or a device and not a file$")


def test_run_in_a_checkpoints_place_is_told_where_its_checkpoint_is(tmp_path: Path) -> None:
    write(tmp_path / "best.safetensors")
    refuse(tmp_path, rf"cannot be read: it is a folder and not a file; its checkpoint is {tmp_path}/best\.safetensors$")


def test_weights_that_give_no_numbers_are_refused(path: Path) -> None:
    weights = weights_of(make_model())
    weights["core_network.hidden_linear.weight"].fill_(3e38)
    write(path, weights)
    refuse(path, "cannot be used: its weights are so large that a look gives no numbers$")
