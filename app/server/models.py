"""The models and test digits that all sessions share, each loaded once, on first use."""

from __future__ import annotations

import functools
import gc
from pathlib import Path
from typing import NamedTuple

import streamlit as st
import torch

from app.server.catalogue import checkpoint_path
from app.server.limits import read_limits
from app.server.pytorch import DEVICES
from ram import RAM, load_checkpoint
from ram.checkpoints import CheckpointInfo, load_digit_check, read_info
from ram.data.mnist import Digits, load_mnist
from ram.digit_check import DigitCheck


class Loaded(NamedTuple):
    """All that a checkpoint holds."""

    model: RAM
    check: DigitCheck | None
    """What tells that model's digits from other drawings; None if it has not been fitted."""
    info: CheckpointInfo


def load(name: str, device: str = "CPU") -> Loaded:
    """The checkpoint of that name, its file looked for only once; errors as for `load_model`."""
    path = checkpoint_path(name)
    changed = modified(path)
    return Loaded(load_model_of(path, device), _load_digit_check(path, changed), _read_info(path, changed))


def load_model(name: str, device: str = "CPU") -> RAM:
    """The model of that name on one of the `device_names`, shared by all sessions.

    Raises:
        CheckpointError: its file is missing or unusable.
        ValueError: this machine has no such device.
    """
    return load_model_of(checkpoint_path(name), device)


def load_model_of(path: Path, device: str = "CPU") -> RAM:
    """The model in that file, as `load_model`."""
    # One thread a look: with several, sessions wait for each other (150 ms instead of 1 ms under load). Said in each
    # thread, as a run of a page is a new one: there PyTorch would remember only after certain operations, and MKL take
    # every core until then.
    torch.set_num_threads(1)
    return _load_model(path, modified(path), DEVICES[device])


# Not Streamlit's cache: to recognise a path takes it as long as the rest of the page needs for four questions.
@functools.lru_cache(maxsize=8)
def _load_model(path: Path, modified: int, device: str) -> RAM:
    model = load_checkpoint(path, device).requires_grad_(False)
    # Frozen, because otherwise every collection would walk through all of PyTorch.
    gc.collect()
    gc.freeze()
    return model


def model_info(name: str) -> CheckpointInfo:
    """What the checkpoint of that name says about itself.

    Raises:
        CheckpointError: its file is missing or unusable.
    """
    return info_of(checkpoint_path(name))


def info_of(path: Path) -> CheckpointInfo:
    """What the checkpoint in that file says about itself, as `model_info`."""
    return _read_info(path, modified(path))


@functools.lru_cache(maxsize=100)
def _load_digit_check(path: Path, modified: int) -> DigitCheck | None:
    return load_digit_check(path)


@functools.lru_cache(maxsize=100)
def _read_info(path: Path, modified: int) -> CheckpointInfo:
    return read_info(path)


def modified(path: Path) -> int:
    """When a file was changed last, in a number that tells two states of it apart; 0 if there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def test_digits() -> Digits:
    """The 10,000 MNIST test digits.

    Raises:
        DataError: the files are missing or damaged.
    """
    return _test_digits(read_limits().mnist)


@st.cache_resource(show_spinner=False)
def _test_digits(folder: Path) -> Digits:
    return load_mnist("test", folder)
