"""Files that are no usable checkpoints: each is refused in one line that names it."""

import json
import os
import pickle
import resource
import struct
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ram.checkpoints import (
    LARGEST_FILE,
    CheckpointError,
)
from tests.ram.checkpoint_files import METADATA, make_model, refuse, weights_of, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


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
