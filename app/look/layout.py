"""What a model gets: the picture laid out in a field as large as this model was trained on."""

from __future__ import annotations

import numpy as np
import torch

from app.look.cost import LookCost
from app.look.field import DIGIT, Arrangement, Field, field_of
from app.look.picture import Picture
from app.look.scene import Floats
from app.server.models import model_info
from ram.data.clutter import strew
from ram.data.mnist import Digits

PIECE_MS = 0.14  # of cutting out one piece of clutter


def model_field(name: str) -> Field:
    """The images that the model of that name was trained on.

    Raises:
        CheckpointError: its file is missing or unusable.
        ValueError: no such images can be made here.
    """
    return field_of(model_info(name), name)


def milliseconds_of_many(cost: LookCost, field: Field) -> float:
    """What one of many test digits takes, laid out as the page does at first, and looked at together with others."""
    return cost.milliseconds_of_many + PIECE_MS * Arrangement().count_pieces(field)


def lay_out(picture: Picture | None, field: Field, arrangement: Arrangement, digits: Digits | None = None) -> Floats:
    """The image (side, side), grey levels in [0, 1], that a model of this field gets.

    Args:
        picture: what lies in the field; None leaves it empty except for the clutter.
        field: how large the image is, and how much clutter was in those that the model was trained on.
        arrangement: where the digit lies, and whether there is clutter.
        digits: what clutter is cut from; needed only where `arrangement.count_pieces(field)` is not 0.
    """
    image = np.zeros((field.side, field.side), np.float32)
    if picture is not None:
        left, top = corner(picture, field, arrangement.place_seed)
        image[top : top + DIGIT, left : left + DIGIT] = picture.image
    if pieces := arrangement.count_pieces(field):
        if digits is None:
            raise ValueError(f"{pieces} pieces of clutter need digits to cut them from")
        generator = torch.Generator().manual_seed(_seed(arrangement.clutter_seed, picture))
        strew(torch.from_numpy(image)[None], digits.images, pieces, generator)
    return image


def corner(picture: Picture, field: Field, place_seed: int) -> tuple[int, int]:
    """Column and row of the digit's top-left pixel: it always lies wholly inside, as in training.

    A drawing's centre of mass, which is at its pixel (14, 14), comes to where it was drawn. Where a seed
    decides, all places are equally likely, and alike in fields of every size.
    """
    room = field.side - DIGIT
    if not room:
        return 0, 0
    if picture.place is not None and not place_seed:
        wanted = np.floor(np.array(picture.place) * field.side) - DIGIT // 2
    else:
        wanted = np.floor(np.random.default_rng(_seed(place_seed, picture)).random(2) * (room + 1))
    left, top = wanted.clip(0, room).astype(int)
    return int(left), int(top)


def _seed(number: int, picture: Picture | None) -> int:
    """Another seed for every test digit, so that not all of them lie at one place among the same pieces."""
    digit = None if picture is None else picture.test_digit
    return number * 10_001 + (0 if digit is None else digit + 1)
