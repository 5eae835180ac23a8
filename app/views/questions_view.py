"""What everybody asks about learning where to look, with a button that sets the microscope up to show the answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from app.session import microscope


class Question(NamedTuple):
    """A question, its answer, and how it is shown."""

    asks: str
    answer: str
    shows: str
    """What to look at then."""
    settings: dict[str, Any]
    steps: int = 0


QUESTIONS = (
    Question(
        "How does the location network learn if everything is detached?",
        "Not everything is. The place that was looked at is a constant, but how likely the policy was to choose it "
        "depends on the mean, and that can be differentiated. Each look pulls the mean to itself if it earned more "
        "than expected, and pushes it away if it earned less.",
        "REINFORCE alone reaches the location network: see its norm in the table.",
        {"follows": "reinforce", "subtract": "rollouts", "earns": "hit", "sigma": 0.2, "through": "no"},
        10,
    ),
    Question(
        "Why detach the location?",
        "Because what would flow through it is wrong. The crop gives nothing, so all that is left is the way through "
        "the location encoder, which says how the answer changes if the network is told another place while it sees "
        "the same pixels.",
        "The derivative beside the truth: what one pixel really changes.",
        {"through": "yes", "follows": "action"},
    ),
    Question(
        "Does REINFORCE train the core?",
        "Here it does. The mean is read from the hidden state, so the gradient goes on through the core into the "
        "glimpse network: what is remembered is also shaped by where to look next. Only the value network is kept "
        "away from the core.",
        "The column REINFORCE has norms for three networks, the value error for one.",
        {"follows": "reinforce", "through": "no"},
    ),
    Question(
        "What is the baseline for?",
        "It changes where the push points in one draw, not on average. Without it, every look that was right pulls, "
        "wherever it fell, and the sum is mostly chance. With it, only what is better or worse than expected counts.",
        "Ten redraws: how far they scatter without, and with the others' mean.",
        {"subtract": "rollouts", "earns": "hit", "sigma": 0.2, "through": "no"},
    ),
    Question(
        "Why is the noise fixed?",
        "The noise is the search: where all looks fall on one place, they earn the same and nothing can be learned. "
        "A policy that could shrink it would do so as soon as looks pay off, and stop searching. Too much noise, and "
        "what is seen is no longer what the mean stands for.",
        "With σ = 0.05 sixteen looks see nearly the same. Then try 0.4.",
        {"sigma": 0.05, "subtract": "rollouts", "earns": "hit", "through": "no"},
    ),
    Question(
        "Why not just backpropagate?",
        "A crop takes whole pixels. Move the look a little, and the same pixels are cut out: the derivative is zero, "
        "until a whole pixel is passed, and then it is a jump. Reward needs no derivative: it is enough to try places "
        "and compare.",
        "The staircase: cross-entropy over the place of the look.",
        {"through": "yes", "follows": "all"},
    ),
)


def show() -> None:
    """Draws the questions."""
    with st.container(key="learning_questions"):
        st.html("<h2>What everybody asks</h2>")
        with st.container(key="questions_grid"):
            for number, question in enumerate(QUESTIONS):
                with st.container(key=f"question_{number}"):
                    st.html(f"<h3>{question.asks}</h3><p>{question.answer}</p><p class='look'>{question.shows}</p>")
                    st.button(
                        "Show it",
                        key=f"show_{number}",
                        on_click=_set_up,
                        args=(question,),
                        icon=":material/biotech:",
                        help=question.asks,
                    )


def _set_up(question: Question) -> None:
    microscope.set_up(**question.settings)
    if question.steps:
        microscope.step(question.steps)
