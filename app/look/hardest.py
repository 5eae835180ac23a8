"""The test digits that a model finds hardest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from app.look.cost import LookCost, look_cost
from app.look.field import Arrangement, Field
from app.look.layout import lay_out, milliseconds_of_many, model_field
from app.look.looking import LookRequest, look
from app.look.sources import digit_picture
from app.server.models import load_model, model_info, test_digits
from app.server.one_at_a_time import aside

HARDEST_OF = 2000  # test digits at most in a larger field ...
LONGEST_MS = 4000.0  # ... and as many as this is enough for, which is all of a usual model's
BATCH = 100


class Ranking(NamedTuple):
    """Test digits, those first whose true class a model thinks least likely."""

    positions: npt.NDArray[np.int64]
    misread: npt.NDArray[np.bool_]
    """Which of them the model reads wrong."""


def hardest_digits(name: str) -> npt.NDArray[np.int64]:
    """Positions of all test digits, sorted by the probability that the model gives to their true class, lowest first.

    The first glimpse is in the centre. Where a look takes long, only the first of them are sorted, as many as
    `LONGEST_MS` is enough for; each lies where the page puts it at first, in the clutter that it shows at first.

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


def first_misread(
    positions: Iterable[int], name: str, request: LookRequest, arrangement: Arrangement, device: str = "CPU"
) -> int | None:
    """The first of these test digits that the model reads wrong where it looks as asked; None if it reads all right.

    From another first glimpse than the centre, it reads some of the `misread_digits`. It raises the same.
    """
    digits, model, field = test_digits(), load_model(name, device), model_field(name)
    names = model_info(name).class_names()
    for position in positions:
        image = lay_out(digit_picture(digits, position), field, arrangement, digits)
        if names[look(model, image, request, "").action] != str(int(digits.labels[position])):
            return position
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _rank(name: str) -> Ranking:
    digits, model, field = test_digits(), load_model(name), model_field(name)
    truth, misread = [], []
    cost = look_cost(model.config, field.side)
    with aside(), torch.inference_mode():
        for positions in torch.arange(_count(cost, field, len(digits.labels))).split(_batch(cost)):
            pictures = [digit_picture(digits, int(position)) for position in positions]
            images = [lay_out(picture, field, Arrangement(), digits) for picture in pictures]
            rollout = model.rollout(
                torch.from_numpy(np.stack(images)), sample_locations=False, initial_location=torch.zeros(2)
            )
            probs, labels = rollout.class_probs[:, -1], digits.labels[positions]
            truth.append(probs.gather(1, labels[:, None]).squeeze(dim=1))
            misread.append(probs.argmax(dim=1) != labels)
    order = torch.cat(truth).argsort()
    return Ranking(order.numpy(), torch.cat(misread)[order].numpy())


def _count(cost: LookCost, field: Field, digits: int) -> int:
    """How many digits there is time for."""
    enough = int(LONGEST_MS / milliseconds_of_many(cost, field))
    return min(HARDEST_OF if field.is_larger else digits, max(enough, BATCH))


def _batch(cost: LookCost) -> int:
    """How many looks are computed together: fewer where each holds many numbers."""
    return max(min(BATCH, 2_000_000 // (cost.levels + cost.padded)), 1)
