"""What a model gets: the digit that is being looked at, in a field as large as this model was trained on.

A model of 28x28 pixels gets the digit itself. In a larger field the digit lies where it was drawn, or
where a seed puts it, and pieces of other digits may lie about, as in training (`ram/clutter.py`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.look.scene import Floats

if TYPE_CHECKING:
    from ram.checkpoints import CheckpointInfo

DIGIT = 28  # pixels: the side of MNIST's images
LARGEST_SIDE = 256  # pixels: the largest that a run can be trained on
MOST_PIECES = 64  # the same for its clutter


@dataclasses.dataclass(frozen=True)
class Picture:
    """A digit in MNIST's form, and where it lay."""

    image: Floats
    """(28, 28), grey levels in [0, 1], 0 is paper."""
    origin: str
    """Where it came from, in words."""
    place: tuple[float, float] | None = None
    """(x, y) of the ink's centre of mass on the canvas or in the upload, from (0, 0), the top-left corner, to (1, 1);
    if None, a seed decides where it lies."""
    test_digit: int | None = None
    """Position among the MNIST test digits, if it is one."""


@dataclasses.dataclass(frozen=True)
class Field:
    """The images that a model was trained on."""

    side: int = DIGIT
    """In pixels."""
    trained_pieces: int = 0
    """Pieces of clutter in each."""

    @property
    def is_larger(self) -> bool:
        """Whether a digit can lie at more than one place."""
        return self.side > DIGIT

    @property
    def can_have_clutter(self) -> bool:
        """Whether there is room for clutter, or the model was trained with it."""
        return self.is_larger or self.trained_pieces > 0

    @property
    def most_pieces(self) -> int:
        """Pieces of clutter where there is some: as many as in training, or else the paper's 4 for 60 and 8 for 100."""
        return self.trained_pieces or max(round(self.side / 10) - 2, 1)


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """What the user wants in the fields of all models."""

    clutter: Literal["trained", "yes", "no"] = "trained"
    """Whether there is clutter; "trained": where the model was trained with it."""
    pieces: int = 0
    """Seed that decides which pieces lie where."""
    spot: int = 0
    """Seed that decides where the digit lies; 0 leaves a drawing where it was drawn."""

    def count_pieces(self, field: Field) -> int:
        """How many pieces of clutter lie in a field."""
        wanted = field.trained_pieces > 0 if self.clutter == "trained" else self.clutter == "yes"
        return field.most_pieces if wanted and field.can_have_clutter else 0

    def decisions(self, field: Field) -> dict[str, int]:
        """What was to be decided about a field, by name: pieces of clutter, and the seeds."""
        clutter = {"clutter": self.count_pieces(field), "pieces": self.pieces} if field.can_have_clutter else {}
        return clutter | ({"spot": self.spot} if field.is_larger else {})


def digit_picture(position: int) -> Picture:
    """A test digit as a picture.

    Raises:
        DataError: the test digits are missing or damaged.
    """
    from app.server.resources import test_digits
    from ram.data.mnist import as_floats

    digits = test_digits()
    image = as_floats(digits.images[position]).numpy()
    return Picture(image, f"MNIST test digit {position}, a {int(digits.labels[position])}", test_digit=position)


def field_of(info: CheckpointInfo, name: str) -> Field:
    """The field of a checkpoint; one whose recipe does not speak of clutter was trained without.

    Raises:
        ValueError: no such images can be made here; the message calls the checkpoint `name`.
    """
    if not DIGIT <= info.image_size <= LARGEST_SIDE:
        raise ValueError(f"{name} is for images of {info.image_size} pixels a side, not of {DIGIT} to {LARGEST_SIDE}")
    pieces = info.recipe.get("clutter", 0)
    return Field(info.image_size, pieces if type(pieces) is int and 0 <= pieces <= MOST_PIECES else 0)


def lay_out(picture: Picture | None, field: Field, arrangement: Arrangement) -> Floats:
    """The image (side, side), grey levels in [0, 1], that a model of this field gets; without a picture an empty field.

    Raises:
        DataError: there is to be clutter, and the test digits that it is cut from are missing or damaged.
    """
    image = np.zeros((field.side, field.side), np.float32)
    if picture is not None:
        left, top = corner(picture, field, arrangement.spot)
        image[top : top + DIGIT, left : left + DIGIT] = picture.image
    if pieces := arrangement.count_pieces(field):
        _strew(image, pieces, _seed(arrangement.pieces, picture))
    return image


def corner(picture: Picture, field: Field, spot: int) -> tuple[int, int]:
    """Column and row of the digit's top-left pixel: it always lies wholly inside, as in training.

    A drawing's centre of mass, which is at its pixel (14, 14), comes to where it was drawn. Where a seed
    decides, all places are equally likely, and alike in fields of every size.
    """
    room = field.side - DIGIT
    if not room:
        return 0, 0
    if picture.place is not None and not spot:
        wanted = np.floor(np.array(picture.place) * field.side) - DIGIT // 2
    else:
        wanted = np.floor(np.random.default_rng(_seed(spot, picture)).random(2) * (room + 1))
    left, top = wanted.clip(0, room).astype(int)
    return int(left), int(top)


def _seed(number: int, picture: Picture | None) -> int:
    """Another one for every test digit, so that not all of them lie at one place among the same pieces."""
    digit = None if picture is None else picture.test_digit
    return number * 10_001 + (0 if digit is None else digit + 1)


def _strew(image: Floats, pieces: int, seed: int) -> None:
    import torch

    from app.server.resources import test_digits
    from ram.data.clutter import strew

    strew(torch.from_numpy(image)[None], test_digits().images, pieces, torch.Generator().manual_seed(seed))
