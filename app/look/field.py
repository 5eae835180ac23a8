"""The fields that models were trained on, and what a user wants to lie in them.

A model of 28x28 pixels gets the digit itself. In a larger field the digit lies where it was drawn or where a seed
puts it, and pieces of other digits may lie about, as in training (`ram/data/clutter.py`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from app.look.cost import look_problem

if TYPE_CHECKING:
    from ram.checkpoints import CheckpointInfo

DIGIT = 28  # pixels: the side of MNIST's images
LARGEST_SIDE = 256  # pixels: the largest that a run can be trained on
MOST_PIECES = 64  # the same for its clutter

ShowClutter = Literal["trained", "yes", "no"]


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

    show_clutter: ShowClutter = "trained"
    """Whether there is clutter; "trained": where the model was trained with it."""
    clutter_seed: int = 0
    """Decides which pieces of clutter lie where."""
    place_seed: int = 0
    """Decides where the digit lies; 0 leaves a drawing where it was drawn."""

    def count_pieces(self, field: Field) -> int:
        """How many pieces of clutter lie in a field."""
        wanted = field.trained_pieces > 0 if self.show_clutter == "trained" else self.show_clutter == "yes"
        return field.most_pieces if wanted and field.can_have_clutter else 0

    def decisions(self, field: Field) -> dict[str, int]:
        """The choices that mattered in a field, by their names in exported files: pieces of clutter, and the seeds."""
        clutter = {"clutter": self.count_pieces(field), "pieces": self.clutter_seed} if field.can_have_clutter else {}
        return clutter | ({"spot": self.place_seed} if field.is_larger else {})


def field_of(info: CheckpointInfo, name: str) -> Field:
    """The field of a checkpoint; without clutter if its recipe does not mention any.

    Raises:
        ValueError: no such images can be made here, or a look at one costs too much; the message calls the checkpoint
            `name`.
    """
    if not DIGIT <= info.image_size <= LARGEST_SIDE:
        raise ValueError(f"{name} is for images of {info.image_size} pixels a side, not of {DIGIT} to {LARGEST_SIDE}")
    if problem := look_problem(info.config, info.image_size):
        raise ValueError(f"{name} {problem}")
    pieces = info.recipe.get("clutter", 0)
    return Field(info.image_size, pieces if type(pieces) is int and 0 <= pieces <= MOST_PIECES else 0)
