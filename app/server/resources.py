"""What all sessions of a server share: models and test digits, loaded once, on first use.

PyTorch takes seconds to import. It is imported inside the functions, so that the frame of a page is
visible before.
"""

from __future__ import annotations

import functools
import gc
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.server.limits import read_limits

if TYPE_CHECKING:
    from app.look.field import Field
    from ram.checkpoints import CheckpointInfo
    from ram.data.mnist import Digits
    from ram.model import RAM

_TORCH_NAMES = {"auto": "auto", "CPU": "cpu", "GPU": "cuda"}
DEFAULT_MODEL = "mnist"
MADE_FOR = {  # what a shipped model was trained for, after "made for"
    "mnist": "drawn digits",
    "mnist-lstm": "drawn digits",
    "translated-60": "a digit anywhere",
    "cluttered-60": "a digit among clutter",
    "cluttered-100": "a digit among clutter",
}
HARDEST_OF = 2000  # test digits in a larger field: about two seconds
LONGEST_NAME = 40  # characters of a run's name
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"


def model_names() -> list[str]:
    """Names of all models: the shipped checkpoints, the default first, then the runs, the newest first."""
    shipped = sorted(path.stem for path in CHECKPOINTS.glob("*.safetensors"))
    runs = sorted((path.parent.name for path in _runs().glob("[!.]*/best.safetensors")), reverse=True)
    return [*sorted(shipped, key=lambda name: name != DEFAULT_MODEL), *(run for run in runs if run not in shipped)]


def model_labels() -> dict[str, str]:
    """What each of the `model_names` is called on the page."""
    given = run_names()
    return {name: name if _is_shipped(name) else given.get(name, name) for name in model_names()}


def model_label(name: str) -> str:
    """What one of the `model_names` is called on the page; without reading the list of runs, if it is shipped."""
    return name if _is_shipped(name) else run_names().get(name, name)


def checkpoint_path(name: str) -> Path:
    """The file of one of the `model_names`."""
    run = _runs() / name / "best.safetensors"
    return run if not _is_shipped(name) and run.exists() else _shipped(name)


def _is_shipped(name: str) -> bool:
    return _shipped(name).exists()


def _shipped(name: str) -> Path:
    return CHECKPOINTS / f"{name}.safetensors"


def run_names() -> dict[str, str]:
    """The name of every run, the newest first. Each differs: a list to choose from goes by what it shows."""
    names: dict[str, str] = {}
    taken = {path.stem for path in CHECKPOINTS.glob("*.safetensors")}
    for path in sorted(_runs().glob("[!.]*/")):
        names[path.name] = unique_name(_given_name(path), taken)
        taken.add(names[path.name])
    return dict(reversed(names.items()))


def unique_name(name: str, taken: set[str]) -> str:
    """The name, with a number if it is taken."""
    numbered = (f"{name[: LONGEST_NAME - 4]} {number}" for number in itertools.count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _given_name(path: Path) -> str:
    try:
        return " ".join((path / "name.txt").read_text(errors="replace").split())[:LONGEST_NAME] or path.name
    except OSError:
        return path.name


def _runs() -> Path:
    return read_limits().runs


def device_names() -> list[str]:
    """The devices to choose from; the GPU only where one is."""
    return ["auto", "CPU", "GPU"] if _has_gpu() else ["auto", "CPU"]


def _has_gpu() -> bool:
    # Before PyTorch is there to ask, the driver's device file tells; a wrong guess ends in a clear error.
    if not is_warm():
        return Path("/dev/nvidia0").exists()
    import torch

    return torch.cuda.is_available()


def is_warm() -> bool:
    """Whether PyTorch is there already, so that nothing will keep the user waiting."""
    # While it is being imported it is there, too, but has nothing in it.
    return hasattr(sys.modules.get("ram.model"), "RAM")


def load_model(name: str, device: str = "CPU") -> RAM:
    """The model of that name on one of the `device_names`, shared by all sessions.

    Raises:
        CheckpointError: its file is missing or not usable.
        ValueError: there is no such device here.
    """
    path = checkpoint_path(name)
    return _load_model(path, path.stat().st_mtime_ns if path.exists() else 0, _TORCH_NAMES[device])


@st.cache_resource(max_entries=8, show_spinner=False)
def _load_model(path: Path, changed: int, device: str) -> RAM:
    import torch

    from ram import load_checkpoint

    # One thread a look: with several, sessions wait for each other (150 ms instead of 1 ms under load).
    torch.set_num_threads(1)
    model = load_checkpoint(path, device).requires_grad_(False)
    # What is loaded now stays: without this every collection would walk through all of PyTorch.
    gc.collect()
    gc.freeze()
    return model


@st.cache_resource(show_spinner=False)
def test_digits() -> Digits:
    """The 10,000 MNIST test digits.

    Raises:
        DataError: the files are missing or damaged.
    """
    from ram.data.mnist import load_mnist

    return load_mnist("test")


@st.cache_resource(max_entries=8, show_spinner=False)
def hardest_digits(name: str) -> npt.NDArray[np.int64]:
    """Positions of all test digits, those first to whose true class the model gives the least probability.

    In a larger field, where a look takes longer, of the first `HARDEST_OF` only; each lies where it first
    lies on the page, among the clutter that it first has there.

    Raises:
        CheckpointError: the model's file is missing or not usable.
        DataError: the test digits are missing or damaged.
        ValueError: no images for this model can be made here.
    """
    import torch

    from app.look.field import Arrangement, digit_picture, lay_out

    labels, model, field = test_digits().labels, load_model(name), model_field(name)
    truth = []
    with torch.inference_mode():
        for positions in torch.arange(HARDEST_OF if field.is_larger else len(labels)).split(100):
            pictures = [digit_picture(int(position)) for position in positions]
            images = torch.from_numpy(np.stack([lay_out(picture, field, Arrangement()) for picture in pictures]))
            rollout = model.rollout(images, sample_locations=False, initial_location=torch.zeros(2))
            truth.append(rollout.class_probs[:, -1].gather(1, labels[positions, None]))
    return torch.cat(truth).squeeze(dim=1).argsort().numpy()


def model_info(name: str) -> CheckpointInfo:
    """What the checkpoint of that name says about itself.

    Raises:
        CheckpointError: its file is missing or not usable.
    """
    path = checkpoint_path(name)
    return _read_info(path, path.stat().st_mtime_ns if path.exists() else 0)


# Not Streamlit's cache, which takes as long to recognise a path as the rest of the page takes to ask four times.
@functools.lru_cache(maxsize=100)
def _read_info(path: Path, modified: int) -> CheckpointInfo:
    from ram.checkpoints import read_info

    return read_info(path)


def model_field(name: str) -> Field:
    """The images that the model of that name was trained on.

    Raises:
        CheckpointError: its file is missing or not usable.
        ValueError: no such images can be made here.
    """
    from app.look.field import field_of

    return field_of(model_info(name), name)
