"""Checkpoints: safetensors files that carry their configuration, recipe and measured results.

Nothing is ever unpickled. A file is untrusted until its size, metadata, names, shapes, dtypes and
values have been checked.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ram.config import RAMConfig, parse_config
from ram.digit_check import DigitCheck, features
from ram.files import open_file, parse_json, tensors_content, write_atomically
from ram.machine import choose_device
from ram.model import RAM
from ram.options import ConfigError, brief

SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"
FORMAT = "ram-checkpoint-1"
LARGEST_FILE = 256 * 1024**2  # bytes
LARGEST_NUMBER = 1e9  # of a look: beyond it nothing is a probability or a place
DIGIT_CHECK = {name: f"digit_check.{name}" for name in DigitCheck._fields}  # tensors beside the model's weights
LONGEST_NAME = 40  # characters of a class's name
# As safetensors and PyTorch call them. Half precision keeps small files small; a model computes with float32 anyway.
FLOATS = ("F32", "torch.float32", "F16", "torch.float16")
# Fields in which a model may differ from the checkpoint whose weights it begins with.
FREE_FIELDS = {"num_glimpses", "location_std"}


class CheckpointError(ValueError):
    """A file that is not a usable checkpoint; the message says what is wrong with it."""


@dataclasses.dataclass(frozen=True)
class CheckpointInfo:
    """A checkpoint's description of itself."""

    config: RAMConfig
    image_size: int
    """Side of the square images it was trained on, in pixels."""
    recipe: dict[str, Any]
    """How it was trained: the names of its preset and its start, if any, and every field of `TrainConfig`."""
    results: dict[str, Any]
    """Measured results, by name."""
    classes: tuple[str, ...] = ()
    """Names of the classes; empty if they are called by their numbers."""

    def class_names(self) -> tuple[str, ...]:
        """A name for every class."""
        return self.classes or tuple(map(str, range(self.config.num_actions)))


def load_checkpoint(path: str | Path, device: str | torch.device = "auto") -> RAM:
    """Loads a model, ready to evaluate.

    Args:
        path: a safetensors file that `save_checkpoint` wrote.
        device: where to put it; "auto" takes the GPU if there is one.

    Raises:
        CheckpointError: the file is missing, too large, damaged or of another format, or its weights are
            not those that its configuration needs, not finite, or so large that a look gives no finite numbers.
        ValueError: the device does not exist here.
    """
    target = choose_device(device)
    info = read_info(path)
    with torch.device("meta"):
        model = RAM(info.config)
    tensors = _read_tensors(Path(path), model)
    model.load_state_dict({name: tensors[name] for name in model.state_dict()}, assign=True)
    _check_look(Path(path), model, info.image_size)
    return model.to(target).eval()


def load_digit_check(path: str | Path) -> DigitCheck | None:
    """Loads what tells a model's digits from other drawings; None if it has not been fitted.

    Raises:
        CheckpointError: as for `load_checkpoint`.
    """
    with torch.device("meta"):
        model = RAM(read_info(path).config)
    tensors = _read_tensors(Path(path), model)
    if not tensors.keys() & DIGIT_CHECK.values():
        return None
    return DigitCheck(**{name: tensors[key] for name, key in DIGIT_CHECK.items()})


def read_info(path: str | Path) -> CheckpointInfo:
    """Reads a checkpoint's description of itself, without its weights.

    Raises:
        CheckpointError: as for `load_checkpoint`.
    """
    path = Path(path)
    try:
        with open_file(path) as opened:
            size = opened.seek(0, os.SEEK_END)
    except OSError as error:
        instead = path / "best.safetensors"  # the name in the folder of a run
        hint = f"; its checkpoint is {instead}" if path.is_dir() and instead.is_file() else ""
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}{hint}") from error
    if size > LARGEST_FILE:
        raise CheckpointError(f"{path.name} has {size:,} bytes; a checkpoint has at most {LARGEST_FILE:,}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} is not a safetensors file, or it is damaged ({error})") from error
    return _parse_metadata(path, metadata)


def _parse_metadata(path: Path, metadata: dict[str, str]) -> CheckpointInfo:
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is not a checkpoint of this project: its format is not {FORMAT!r}")
    try:
        fields = {key: parse_json(metadata[key]) for key in ("config", "image_size", "recipe", "results")}
        config = parse_config(RAMConfig, fields["config"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ConfigError) else "the description in it is damaged"
        raise CheckpointError(f"{path.name} cannot be used: {reason}") from error
    for key in ("recipe", "results"):
        if not isinstance(fields[key], dict):
            raise CheckpointError(f"{path.name} cannot be used: its {key} are not named values")
    image_size = fields["image_size"]
    if not (type(image_size) is int and 1 <= image_size <= 1024):
        raise CheckpointError(f"{path.name} cannot be used: image_size={brief(image_size)} is not from 1 to 1024")
    return CheckpointInfo(
        config, image_size, fields["recipe"], fields["results"], _parse_classes(path, metadata, config)
    )


def _parse_classes(path: Path, metadata: dict[str, str], config: RAMConfig) -> tuple[str, ...]:
    try:
        names = parse_json(metadata.get("classes", "[]"))
    except ValueError as error:
        raise CheckpointError(f"{path.name} cannot be used: the names of its classes are damaged") from error
    if not isinstance(names, list) or not all(map(_is_name, names)) or len(names) not in (0, config.num_actions):
        raise CheckpointError(
            f"{path.name} cannot be used: it has to name {config.num_actions} classes in 1 to {LONGEST_NAME} "
            "printable characters"
        )
    if len(set(names)) < len(names):
        raise CheckpointError(f"{path.name} cannot be used: two of its classes have the same name")
    return tuple(names)


def _is_name(name: object) -> bool:
    return (
        isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable() and not name.isspace() and name != ""
    )


def check_fit(model: RAMConfig, start: RAMConfig) -> None:
    """Checks that a model can begin with the weights of another.

    Raises:
        ConfigError: they differ in a field that is not one of FREE_FIELDS.
    """
    for name, value in dataclasses.asdict(start).items():
        if name not in FREE_FIELDS and getattr(model, name) != value:
            raise ConfigError(
                f"{name}={getattr(model, name)!r} is not possible: the checkpoint to start from has {name}={value!r}"
            )


def _read_tensors(path: Path, model: RAM) -> dict[str, Tensor]:
    """Reads everything for `model`, which is on the meta device; compares names and shapes before it reads any."""
    with safe_open(path, framework="pt") as file:
        wanted = _wanted(path, file.keys(), model)
        for name, tensor in wanted.items():
            found = file.get_slice(name)
            _check_weight(path, name, found.get_dtype(), found.get_shape(), tensor.shape)
        # Copied: the tensors are views of the mapped file, and truncating that file later would crash the process.
        tensors = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in wanted}
    _check_finite(path, tensors)
    return tensors


def _wanted(path: Path, names: Iterable[str], model: RAM) -> dict[str, Tensor]:
    """What a file with these names has to hold, on the meta device: the weights, and a digit check if it has one."""
    wanted = model.state_dict()
    if set(names) & set(DIGIT_CHECK.values()):
        check = DigitCheck(torch.empty(features(model.config), device="meta"), torch.empty((), device="meta"))
        wanted = {**wanted, **_named(check)}
    if odd := sorted(set(names) ^ set(wanted)):
        raise CheckpointError(
            f"{path.name} does not have the weights that its configuration needs: "
            f"{brief(odd[0])} is {'missing' if odd[0] in wanted else 'not one of them'}"
        )
    return wanted


def _named(check: DigitCheck) -> dict[str, Tensor]:
    return {DIGIT_CHECK[name]: tensor for name, tensor in check._asdict().items()}


def _check_weight(path: Path, name: str, kind: str, shape: Sequence[int], wanted: Sequence[int]) -> None:
    if list(shape) != list(wanted) or kind not in FLOATS:
        raise CheckpointError(
            f"{path.name}: {name} is {kind} {list(shape)}; its configuration needs {FLOATS[0]} {list(wanted)}"
        )


def _check_finite(path: Path, weights: dict[str, Tensor]) -> None:
    for name, weight in weights.items():
        if not bool(weight.isfinite().all()):
            raise CheckpointError(f"{path.name}: {name} has weights that are not finite numbers")


@torch.inference_mode()
def _check_look(path: Path, model: RAM, side: int) -> None:
    """Looks once at an empty image and at one full of ink: finite weights may be so large that nothing else is."""
    images = torch.stack([torch.zeros(side, side), torch.ones(side, side)])
    episode = model.episode(images, sample_locations=False, initial_location=torch.zeros(2, 2))
    seen = (episode.locations, model.values(episode), model.action_network.logits(episode.hidden_states[-1]))
    if not all(bool((part.abs() < LARGEST_NUMBER).all()) for part in seen):
        raise CheckpointError(f"{path.name} cannot be used: its weights are so large that a look gives no numbers")


def save_checkpoint(
    path: str | Path, weights: dict[str, Tensor], info: CheckpointInfo, check: DigitCheck | None = None
) -> None:
    """Writes a checkpoint atomically: a reader sees the old file or the new one.

    Raises:
        CheckpointError: `load_checkpoint` would not read it; an older file is left as it was.
        OSError: the disk is full or the folder not writable; an older file is left as it was.
    """
    path = Path(path)
    metadata = {
        "format": FORMAT,
        "config": _as_json(dataclasses.asdict(info.config)),
        "image_size": _as_json(info.image_size),
        "recipe": _as_json(info.recipe),
        "results": _as_json(info.results),
        "classes": _as_json(info.classes),
    }
    with torch.device("meta"):
        model = RAM(_parse_metadata(path, metadata).config)
    tensors = weights if check is None else {**weights, **_named(check)}
    for name, tensor in _wanted(path, tensors, model).items():
        _check_weight(path, name, str(tensors[name].dtype), tensors[name].shape, tensor.shape)
    _check_finite(path, tensors)
    content = tensors_content(tensors, metadata)
    if len(content) > LARGEST_FILE:
        raise CheckpointError(
            f"{path.name} would have {len(content):,} bytes; a checkpoint has at most {LARGEST_FILE:,}"
        )
    write_atomically(path, content)


def _as_json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: object) -> Any:
    """NumPy's numbers as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


def parameter_count(config: RAMConfig) -> int:
    """Number of trainable parameters of a model, without making its weights."""
    with torch.device("meta"):
        return sum(math.prod(parameter.shape) for parameter in RAM(config).parameters())
