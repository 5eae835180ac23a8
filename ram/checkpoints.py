"""Checkpoints: safetensors files that carry their configuration, recipe and measured results.

Nothing is ever unpickled. A file is untrusted until its size, metadata, names, shapes, dtypes and
values have been checked.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ram.config import RAMConfig, parse_config
from ram.files import write_tensors
from ram.machine import choose_device
from ram.model import RAM
from ram.options import ConfigError, brief

SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"
FORMAT = "ram-checkpoint-1"
LARGEST_FILE = 256 * 1024**2  # bytes
LONGEST_NAME = 40  # characters of a class's name
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
            not finite or not those that its configuration needs.
        ValueError: the device does not exist here.
    """
    target = choose_device(device)
    info = read_info(path)
    with torch.device("meta"):
        model = RAM(info.config)
    model.load_state_dict(_read_weights(Path(path), model), assign=True)
    return model.to(target).eval()


def read_info(path: str | Path) -> CheckpointInfo:
    """Reads a checkpoint's description of itself, without its weights.

    Raises:
        CheckpointError: as for `load_checkpoint`.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}") from error
    if size > LARGEST_FILE:
        raise CheckpointError(f"{path.name} has {size:,} bytes; a checkpoint has at most {LARGEST_FILE:,}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} is not a safetensors file, or it is damaged ({error})") from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is not a checkpoint of this project: its format is not {FORMAT!r}")
    try:
        fields = {key: json.loads(metadata[key]) for key in ("config", "image_size", "recipe", "results")}
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
        config, image_size, fields["recipe"], fields["results"], _read_classes(path, metadata, config)
    )


def _read_classes(path: Path, metadata: dict[str, str], config: RAMConfig) -> tuple[str, ...]:
    try:
        names = json.loads(metadata.get("classes", "[]"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} cannot be used: the names of its classes are damaged") from error
    right = isinstance(names, list) and all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names)
    if not right or len(names) not in (0, config.num_actions) or len(set(names)) < len(names):
        raise CheckpointError(
            f"{path.name} cannot be used: it has to name {config.num_actions} classes in 1 to {LONGEST_NAME} characters"
        )
    return tuple(names)


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


def _read_weights(path: Path, model: RAM) -> dict[str, Tensor]:
    """Reads the weights for `model`, which is on the meta device; compares names and shapes before it reads any."""
    wanted = model.state_dict()
    with safe_open(path, framework="pt") as file:
        names = set(file.keys())
        if names != set(wanted):
            odd = sorted(names ^ set(wanted))[0]
            raise CheckpointError(
                f"{path.name} does not have the weights that its configuration needs: "
                f"{brief(odd)} is {'missing' if odd in wanted else 'not one of them'}"
            )
        for name, weight in wanted.items():
            shape, kind = list(file.get_slice(name).get_shape()), file.get_slice(name).get_dtype()
            if shape != list(weight.shape) or kind != "F32":
                raise CheckpointError(
                    f"{path.name}: {name} is {kind} {shape}; its configuration needs F32 {list(weight.shape)}"
                )
        # Cloned: the tensors are views of the mapped file, and truncating that file later would crash the process.
        weights = {name: file.get_tensor(name).clone() for name in wanted}
    for name, weight in weights.items():
        if not bool(weight.isfinite().all()):
            raise CheckpointError(f"{path.name}: {name} has weights that are not finite numbers")
    return weights


def save_checkpoint(path: str | Path, weights: dict[str, Tensor], info: CheckpointInfo) -> None:
    """Writes a checkpoint atomically: a reader sees the old file or the new one.

    Raises:
        OSError: the disk is full or the folder not writable; an older file is left as it was.
    """
    metadata = {
        "format": FORMAT,
        "config": json.dumps(dataclasses.asdict(info.config)),
        "image_size": json.dumps(info.image_size),
        "recipe": json.dumps(info.recipe),
        "results": json.dumps(info.results),
        "classes": json.dumps(info.classes),
    }
    write_tensors(path, weights, metadata)


def parameter_count(config: RAMConfig) -> int:
    """Number of trainable parameters of a model, without making its weights."""
    with torch.device("meta"):
        return sum(math.prod(parameter.shape) for parameter in RAM(config).parameters())
