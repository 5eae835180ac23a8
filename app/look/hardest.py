"""The test digits that a model finds hardest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from app.look.field import Arrangement
from app.look.layout import lay_out, model_field
from app.look.sources import digit_picture
from app.server.models import load_model, test_digits
from app.server.one_at_a_time import piecewise

BATCH = 25  # digits: some milliseconds, between which the others draw
HARDEST_OF = 2000  # test digits in a larger field: about two seconds


class Ranking(NamedTuple):
    """Test digits, those first whose true class a model thinks least likely."""

    positions: npt.NDArray[np.int64]
    misread: npt.NDArray[np.bool_]
    """Which of them the model reads wrong."""


def hardest_digits(name: str) -> npt.NDArray[np.int64]:
    """Positions of all test digits, sorted by the probability that the model gives to their true class, lowest first.

    The first glimpse is in the centre. In a larger field, where a look takes longer, only the first `HARDEST_OF` are
    sorted; each lies where the page puts it at first, in the clutter that the page shows at first.

    Raises:
        CheckpointError: the model's file is missing or unusable.
        DataError: the test digits are missing or damaged.
        ValueError: no images for this model can be made here.
    """
    return _rank(name).positions


def misread_digits(name: str) -> npt.NDArray[np.int64]:
    """Those of the `hardest_digits` that the model reads wrong; it raises the same."""
    ranking = _rank(name)
    return ranking.positions[ranking.misread]


@st.cache_resource(max_entries=8, show_spinner=False)
def _rank(name: str) -> Ranking:
    of = HARDEST_OF if model_field(name).is_larger else len(test_digits().labels)
    batches = [*piecewise(_read(name, positions) for positions in torch.arange(of).split(BATCH))]
    truth, misread = (torch.cat(parts) for parts in zip(*batches, strict=True))
    order = truth.argsort()
    return Ranking(order.numpy(), misread[order].numpy())


@torch.inference_mode()
def _read(name: str, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each of these digits the probability of its true class, and whether it is misread."""
    digits, field = test_digits(), model_field(name)
    pictures = [digit_picture(digits, int(position)) for position in positions]
    images = [lay_out(picture, field, Arrangement(), digits) for picture in pictures]
    rollout = load_model(name).rollout(
        torch.from_numpy(np.stack(images)), sample_locations=False, initial_location=torch.zeros(2)
    )
    probs, labels = rollout.class_probs[:, -1], digits.labels[positions]
    return probs.gather(1, labels[:, None]).squeeze(dim=1), probs.argmax(dim=1) != labels
