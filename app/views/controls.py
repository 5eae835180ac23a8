"""The controls of the Draw page: which model looks, and how."""

from __future__ import annotations

import streamlit as st

from app.server import catalogue, pytorch
from app.session import settings
from app.session.settings import LARGEST_SEED


def show() -> None:
    """Draws the controls in a row."""
    _model()
    _first_glimpse()
    st.button(
        "Look again",
        on_click=settings.look_again,
        icon=":material/visibility:",
        help="The same picture, the next seed.",
    )
    with st.popover("More", icon=":material/tune:"):
        _more()


def is_comparing() -> bool:
    """Whether the pretrained model looks beside the chosen one."""
    return _can_compare() and settings.current().compare == "yes"


def _can_compare() -> bool:
    default = catalogue.DEFAULT_MODEL
    return settings.current().model != default and default in catalogue.model_names()


def _model() -> None:
    names = catalogue.model_labels()
    st.selectbox(
        "Model",
        [*names],
        key="model",
        width=170,
        placeholder="none found",
        format_func=lambda name: names[name],
        help="mnist and mnist-lstm read MNIST's digits and what people draw. The other pretrained models find a digit "
        "in a larger field.",
    )
    if _can_compare():
        st.segmented_control(
            f"Compare with {catalogue.DEFAULT_MODEL}",
            ["no", "yes"],
            required=True,
            key="compare",
            help="Shows what the pretrained model does with the same picture beside it.",
        )


def _first_glimpse() -> None:
    st.segmented_control(
        "First glimpse",
        ["random", "centre", "place"],
        required=True,
        key="first",
        help="Where the first glimpse falls. For a place, click on the digit while the first glimpse is on screen.",
    )


def _more() -> None:
    """What a newcomer does not need."""
    # The browser makes these only when the popover is opened: without a default, they would not know their values.
    now = settings.current()
    st.segmented_control(
        "Gaze",
        ["mean", "sampled"],
        default=now.gaze,
        required=True,
        key="gaze",
        help="Look at the mean of the location policy, or at samples of it.",
    )
    st.segmented_control("Device", pytorch.device_names(), default=now.device, required=True, key="device")
    st.number_input("Seed", 0, LARGEST_SEED, now.seed, key="seed", help="Decides everything random.")
    st.slider("First glimpse, x", -1.0, 1.0, now.x, 0.01, key="x", on_change=settings.start_at_place)
    st.slider("First glimpse, y", -1.0, 1.0, now.y, 0.01, key="y", on_change=settings.start_at_place)
