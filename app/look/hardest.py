"""The test digits that a model finds hardest."""

from __future__ import annotations

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


@st.cache_resource(max_entries=8, show_spinner=False)
def hardest_digits(name: str) -> npt.NDArray[np.int64]:
    """Positions of all test digits, sorted by the probability that the model gives to their true class, lowest first.

    In a larger field, where a look takes longer, only the first `HARDEST_OF` are sorted; each lies where the page
    puts it at first, in the clutter that the page shows at first.

    Raises:
        CheckpointError: the model's file is missing or unusable.
        DataError: the test digits are missing or damaged.
        ValueError: no images for this model can be made here.
    """
    of = HARDEST_OF if model_field(name).is_larger else len(test_digits().labels)
    truth = piecewise(_truth(name, positions) for positions in torch.arange(of).split(BATCH))
    return torch.cat([*truth]).argsort().numpy()


@torch.inference_mode()
def _truth(name: str, positions: torch.Tensor) -> torch.Tensor:
    """The probability of each of these digits' true class."""
    digits, field = test_digits(), model_field(name)
    pictures = [digit_picture(digits, int(position)) for position in positions]
    images = [lay_out(picture, field, Arrangement(), digits) for picture in pictures]
    rollout = load_model(name).rollout(
        torch.from_numpy(np.stack(images)), sample_locations=False, initial_location=torch.zeros(2)
    )
    return rollout.class_probs[:, -1].gather(1, digits.labels[positions, None]).squeeze(dim=1)
