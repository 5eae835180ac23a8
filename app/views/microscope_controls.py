"""What can be changed and done under the microscope of the Learning page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.look.observing import Stage
from app.look.steps import MOST_STEPS
from app.session import microscope as session
from app.session import settings
from app.session.settings import SIGMAS

FOLLOWS = {"reinforce": "REINFORCE", "action": "cross-entropy", "value": "value error", "all": "all three"}


def show(choices: Mapping[str, Stage], moves: Sequence[int]) -> None:
    """Draws the settings, and below them what can be done."""
    with st.container(key="learning_controls", horizontal=True, vertical_alignment="bottom"):
        _what_lies_there(choices, moves)
        _how_it_is_scored()
    with st.container(key="learning_actions", horizontal=True, vertical_alignment="center"):
        _actions()


def _what_lies_there(choices: Mapping[str, Stage], moves: Sequence[int]) -> None:
    st.selectbox(
        "Stage of training",
        [*choices],
        key="stage",
        width=240,
        format_func=lambda key: choices[key].label,
        on_change=session.back_to_the_start,
    )
    if moves:
        st.segmented_control(
            "Move",
            moves,
            key="move",
            required=True,
            on_change=session.back_to_the_start,
            help="Which move is sampled: the first leads from glimpse 1 to glimpse 2. Those before it go to their "
            "means, those after it are sampled, too.",
        )


def _how_it_is_scored() -> None:
    st.segmented_control(
        "Baseline",
        ["none", "value", "rollouts"],
        key="subtract",
        required=True,
        format_func={"none": "none", "value": "value", "rollouts": "others' mean"}.__getitem__,
        help="What is subtracted from the reward: nothing, the value network's estimate, or the mean of the "
        "other fifteen looks.",
    )
    st.segmented_control(
        "Reward",
        ["hit", "information"],
        key="earns",
        required=True,
        format_func={"hit": "right or wrong", "information": "how sure"}.__getitem__,
        help="1 for a right answer and 0 for a wrong one, or the share of the information about the class that "
        "the answer has: 1 + log p, to the base of the number of classes, and at least 0.",
    )
    st.segmented_control(
        "σ of the policy", SIGMAS, key="sigma", required=True, help="Its standard deviation; the image is 2 wide."
    )


def _actions() -> None:
    now = session.current()
    st.button("Sixteen others", on_click=session.look_at_others, icon=":material/casino:")
    for count, label, icon, about in (
        (
            1,
            "Take the step",
            ":material/step:",
            f"Gradient descent on a copy of the weights, with the loss that trains: {FOLLOWS[now.follows]}.",
        ),
        (
            10,
            "Take ten",
            ":material/fast_forward:",
            f"Ten steps, each on sixteen new looks; {MOST_STEPS} in all at most. If a setting is changed, they are "
            "taken again with it.",
        ),
    ):
        st.button(label, on_click=session.step, args=(count,), icon=icon, disabled=not now.can_step, help=about)
    st.button("Back to the start", on_click=session.back_to_the_start, icon=":material/replay:", disabled=not now.taken)
    st.button(
        "Move the first glimpse",
        on_click=_begin_elsewhere,
        icon=":material/my_location:",
        help="To another random place, as Look again does on Draw. Steps are taken back.",
    )


def _begin_elsewhere() -> None:
    session.back_to_the_start()
    settings.look_again()


def show_ways() -> None:
    """Draws what decides which gradient goes where."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "A step follows",
            [*FOLLOWS],
            key="follows",
            required=True,
            format_func=FOLLOWS.__getitem__,
            help="Training follows all three at once.",
        )
        st.segmented_control(
            "Let the supervised gradient through the location",
            ["no", "yes"],
            key="through",
            required=True,
            help="What would reach the place if it were not detached.",
        )
