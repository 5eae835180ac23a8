"""Checkpoints that somebody uploads, hostile ones among them."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save, save_file

from app.look.layout import model_field
from app.look.looking import LookRequest, look
from app.runs.jobs import JobError, Jobs
from app.server import catalogue
from ram.checkpoints import SHIPPED, CheckpointInfo, save_checkpoint
from ram.config import RAMConfig
from ram.model import RAM

MODEL = RAMConfig(num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
MNIST = SHIPPED / "mnist.safetensors"


def test_uploaded_checkpoint_can_be_chosen(jobs: Jobs) -> None:
    run = jobs.add_checkpoint(MNIST.read_bytes(), "from home")
    assert [(job.name, job.status, job.has_checkpoint) for job in jobs.all()] == [("from home", "uploaded", True)]
    assert run in catalogue.model_names()
    assert catalogue.model_labels()[run] == "from home"


def checkpoint(tmp_path: Path, config: RAMConfig, image_size: int = 28, spoil: float | None = None) -> bytes:
    file = tmp_path / "made"
    save_checkpoint(file, RAM(config).state_dict(), CheckpointInfo(config, image_size, {}, {}))
    if spoil is not None:  # which `save_checkpoint` would refuse
        with safe_open(file, framework="pt") as content:
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118, not a dict
            metadata = content.metadata()
        next(iter(tensors.values())).fill_(spoil)
        save_file(tensors, file, metadata)
    return file.read_bytes()


@pytest.mark.parametrize("side", [28, 60, 256])
def test_uploaded_checkpoint_may_be_for_larger_images(jobs: Jobs, tmp_path: Path, side: int) -> None:
    run = jobs.add_checkpoint(checkpoint(tmp_path, MODEL, image_size=side), "from home")
    assert model_field(run).side == side


def header(size: int, **entries: object) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", size or len(text)) + text


def described(path: Path, **metadata: str) -> bytes:
    """A checkpoint that says something else of itself."""
    (path / "whole").write_bytes(checkpoint(path, MODEL))
    with safe_open(path / "whole", framework="pt") as file:
        return save(load_file(path / "whole"), {**file.metadata(), **metadata})


class Trap:
    """Unpickling this would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda path: b"",
    "text": lambda path: b"hello, I am a text file",
    "picture": lambda path: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "pickle": lambda path: pickle.dumps(Trap(path / "sprung")),
    "truncated": lambda path: MNIST.read_bytes()[:-1000],
    "huge declared header": lambda path: header(2**62, a=1),
    "huge declared tensor": lambda path: header(0, w={"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}),
    "wrong shapes": lambda path: checkpoint(path, MODEL).replace(b'\\"hidden_size\\": 32', b'\\"hidden_size\\": 64'),
    "unknown field": lambda path: checkpoint(path, MODEL).replace(b"glimpse_size", b"glimpse_sizo"),
    "field with a name of 3 MB": lambda path: described(path, config=f'{{"{"[x](y)" * 500_000}": 1}}'),
    "field with a value of 3 MB": lambda path: described(path, config=f'{{"core": "{"[x](y)" * 500_000}"}}'),
    "size of 4,000 digits": lambda path: described(path, image_size="9" * 4000),
    "size of 5,000 digits": lambda path: described(path, image_size="9" * 5000),
    "not finite": lambda path: checkpoint(path, MODEL, spoil=float("nan")),
    "too many parameters": lambda path: checkpoint(path, RAMConfig(hidden_size=900)),
    "images too large": lambda path: checkpoint(path, MODEL, image_size=257),
    "images too small": lambda path: checkpoint(path, MODEL, image_size=27),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_upload_is_refused_in_one_sentence(jobs: Jobs, tmp_path: Path, kind: str) -> None:
    with pytest.raises(JobError, match=r"^This file cannot be used: [^\n]*\.$") as refusal:
        jobs.add_checkpoint(HOSTILE[kind](tmp_path), "upload")
    assert len(str(refusal.value)) < 250
    assert str(refusal.value).count("cannot be used") == 1
    assert "best.safetensors" not in str(refusal.value)
    assert jobs.all() == []
    assert not [path for path in jobs.folder.iterdir() if path.is_dir()]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ("core_network", 3e38),  # negative ones would only switch all units off
        *(("value_network", size) for size in (3e38, -3e38, 1e30)),
        *(("action_network", size) for size in (3e38, -3e38, 1e30)),
    ],
)
def test_weights_that_give_no_numbers_are_refused(jobs: Jobs, tmp_path: Path, part: str, size: float) -> None:
    model = RAM(MODEL)
    for parameter in getattr(model, part).parameters():
        parameter.data.fill_(size)
    save_checkpoint(tmp_path / "made", model.state_dict(), CheckpointInfo(MODEL, 28, {}, {}))
    with pytest.raises(JobError, match="its weights are so large that a look gives no numbers"):
        jobs.add_checkpoint((tmp_path / "made").read_bytes(), "absurd")
    assert jobs.all() == []


def test_look_that_gives_no_numbers_is_said_in_one_sentence() -> None:
    model = RAM(MODEL).eval()
    model.value_network.linear.weight.data.fill_(3e38)
    with pytest.raises(ValueError, match="it has weights so large that a look gives no numbers"):
        look(model, np.ones((28, 28), np.float32), LookRequest("it"), "drawn")
