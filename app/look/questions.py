"""What everybody asks about learning where to look, with what the microscope has to be set to so that it shows.

The digits and settings are those that show it well early in the recorded training.
"""

from __future__ import annotations

from typing import Any, NamedTuple

FOUR, FIVE, NINE = 6037, 187, 92  # read right half the time at first; often; nearly always
USUAL = {
    "move": 1,
    "subtract": "value",
    "earns": "hit",
    "sigma": 0.2,
    "follows": "reinforce",
    "through": "no",
    "first": "random",
    "seed": 0,
}


class Question(NamedTuple):
    """A question, its answer, and how it is shown."""

    asks: str
    answer: str
    shows: str
    """What to look at then."""
    settings: dict[str, Any]
    """What differs from `USUAL`."""
    digit: int = FOUR
    """The test digit that shows it well, early in the recorded training."""
    steps: int = 0
    part: str = "microscope"
    """Where it is to be seen: there, or among the "gradients"."""


QUESTIONS = (
    Question(
        "How does the location network learn if everything is detached?",
        "Not everything is. The place that was looked at is a constant, but how likely the policy was to choose it "
        "depends on the mean, and that can be differentiated. Each look pulls the mean to itself if it earned more "
        "than expected, and pushes it away if it earned less.",
        "Ten steps: the mean has moved, and more looks are right. In the table of gradients, REINFORCE alone "
        "reaches the location network.",
        {},
        steps=10,
    ),
    Question(
        "Why detach the location?",
        "Because what would flow through it is wrong. The crop gives nothing, so all that is left is the way through "
        "the location encoder, which says how the answer changes if the network is told another place while it sees "
        "the same pixels.",
        "The derivative beside the truth: what one pixel really changes.",
        {"through": "yes", "follows": "action"},
        FIVE,
        part="gradients",
    ),
    Question(
        "Does REINFORCE train the core?",
        "Here it does. The mean is read from the hidden state, so the gradient goes on through the core into the "
        "glimpse network: what is remembered is also shaped by where to look next. Only the value network is kept "
        "away from the core.",
        "The column REINFORCE has norms for three networks, the value error for one.",
        {"follows": "all"},
        part="gradients",
    ),
    Question(
        "What is the baseline for?",
        "It changes where the push points in one draw, not on average. Without it, every look that was right pulls, "
        "wherever it fell, and the sum is mostly chance. With it, only what is better or worse than expected counts.",
        "Ten redraws: how far they scatter without, and with the others' mean.",
        {"subtract": "rollouts", "sigma": 0.1},
        NINE,
    ),
    Question(
        "Why is the noise fixed?",
        "The noise is the search: where all looks fall on one place, they earn the same and nothing can be learned. "
        "A policy that could shrink it would do so as soon as looks pay off, and stop searching. Too much noise, and "
        "what is seen is no longer what the mean stands for.",
        "With σ = 0.05 sixteen looks see nearly the same and earn the same: nothing pushes. Then try 0.4.",
        {"subtract": "rollouts", "sigma": 0.05},
        NINE,
    ),
    Question(
        "Why not just backpropagate?",
        "A crop takes whole pixels. Move the look a little, and the same pixels are cut out: the derivative is zero, "
        "until a whole pixel is passed, and then it is a jump. Reward needs no derivative: it is enough to try places "
        "and compare.",
        "The staircase: cross-entropy over the place of the look. Its treads slope a little, by the location encoder, "
        "which is told the place; the crop only makes the jumps.",
        {"through": "yes", "follows": "action"},
        FIVE,
        part="gradients",
    ),
)
