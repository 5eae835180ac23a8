"""What the rewards of training are called on the pages, and what the value expects of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # it would bring PyTorch to pages and pictures that do not need it
    from ram.config import Reward


class RewardWords(NamedTuple):
    """One kind of reward in words."""

    earned: str
    """Its name beside a curve."""
    axis: str
    """What an axis of rewards and values counts, from 0 to 1."""
    beside_probabilities: str
    """The same for an axis that it shares with probabilities."""
    expected: str
    """The value, which expects it."""
    whole: str
    """What a value of 1 expects."""
    value: str
    """Its name where there is little room: a value that expects a right answer is just called value."""
    sentence: str
    """What the value says, as a sentence."""


WORDS: dict[Reward, RewardWords] = {
    "hit": RewardWords(
        "reward",
        "share of right answers",
        "probability",
        "expected reward",
        "right",
        "value",
        "How likely it is, by the model's estimate, that its last answer will be right: 1 is certain. "
        "As an estimate, it can overshoot 1.",
    ),
    "information": RewardWords(
        "information",
        "share of the information",
        "share, probability",
        "expected information",
        "all of it",
        "expected information",
        "How much of the information about the class its last answer will have, by the model's estimate: "
        "a guess has 0, certainty of the right class 1. As an estimate, it can overshoot 1. "
        "This is not how likely the answer is to be right.",
    ),
}
