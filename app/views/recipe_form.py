"""The form for the recipe of the next run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.server import catalogue
from app.server.limits import read_limits
from app.session import recipe
from app.session.drawings import current_collection
from app.session.messages import plain_text
from app.session.recipe import ARCHITECTURE, FIELDS, PRESETS_SHOWN, Form, key
from ram.checkpoints import FREE_FIELDS
from ram.options import Choices, Numbers, Switch, Values, WholeNumbers
from ram.presets import PRESETS

TRAINING = [
    "minutes",
    "epochs",
    "learning_rate",
    "batch_size",
    "rollouts",
    "seed",
    "baseline",
    "reinforce_weight",
    "reward",
    "location_noise",
    "guidance",
]
IMAGES = [500, 1000, 2500, 5000, 10_000, 25_000, 0]  # 0: all
_SHOWN = {*ARCHITECTURE, *TRAINING, "train_images", "drawing_share"}


def show_presets() -> None:
    """The presets, one of them chosen."""
    st.radio(
        "Preset",
        PRESETS_SHOWN,
        key=recipe.PRESET,
        format_func=lambda name: PRESETS[name].title,
        captions=[_sentence(PRESETS[name].description) for name in PRESETS_SHOWN],
        on_change=recipe.take_preset,
        label_visibility="collapsed",
    )


def show_fields() -> None:
    """What a class would change of the preset; a URL can change the other fields, too."""
    _show_start()
    form = recipe.current()
    _show_images(form)
    _show_drawings(form)
    with st.expander("Architecture", icon=":material/account_tree:"):
        for name in ARCHITECTURE:
            _field(form, name, disabled=bool(form.start) and name not in FREE_FIELDS)
    with st.expander("Training", icon=":material/tune:"):
        for name in TRAINING:
            _field(form, name)
    others = [f"`{name}` {plain_text(str(value))}" for name, value in form.changed.items() if name not in _SHOWN]
    if others:
        st.caption(f"From the address: {', '.join(others)}.")


def describe_limits() -> str:
    """The server's limits in a sentence."""
    limits = read_limits()
    return (
        f"This server trains one run at a time, for at most {limits.longest_run:g} minutes and models of up to "
        f"{limits.largest_model:,} parameters; it keeps {limits.most_runs} runs."
    )


def _show_start() -> None:
    names = {"": "random weights", **catalogue.model_labels()}
    st.selectbox(
        "Start from",
        [*names],
        key=recipe.START,
        format_func=lambda name: names[name],
        on_change=recipe.take_start,
        help="From scratch, or going on from the weights of a trained model.",
    )


def _show_images(form: Form) -> None:
    chosen = form.values["train_images"]
    shares = IMAGES if chosen in IMAGES else sorted([*IMAGES, chosen])
    st.select_slider(
        "Digits to train on",
        [*(share for share in shares if share), 0],
        key=key("train_images"),
        format_func=lambda count: f"{count:,}" if count else "all",
        help="How many of MNIST's training digits. With few, training accuracy rises, and validation accuracy lags.",
    )


def _show_drawings(form: Form) -> None:
    count = len(current_collection().digits.labels)
    if not count:
        return
    st.segmented_control(
        f"With my {count} drawings",
        ["no", "yes"],
        key=recipe.WITH_DRAWINGS,
        required=True,
        help=_help("drawing_share"),
    )
    if form.with_drawings:
        _field(form, "drawing_share")


def _field(form: Form, name: str, *, disabled: bool = False) -> None:
    """One setting; its range and its explanation are the configuration's own."""
    values: Values = FIELDS[name].metadata["values"]
    more: dict[str, Any] = {"key": key(name), "help": f"{_help(name)} (`{name}`)", "disabled": disabled}
    label = name.replace("_", " ")
    match values:
        case Switch():
            st.toggle(label, **more)
        case Choices(options):
            st.selectbox(label, options, **more)
        case WholeNumbers(low, high):
            st.number_input(label, min_value=low, max_value=high, step=1, **more)
        case Numbers():
            more |= {
                "min_value": float(values.low),
                "max_value": float(values.high),
                "step": _step(form.defaults[name]),
            }
            st.number_input(label, format="%g", **more)


def _help(name: str) -> str:
    """The configuration's explanation of a field, as a sentence."""
    return _sentence(FIELDS[name].metadata["help"])


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _step(default: float) -> float:
    """A tenth of the power of ten of the default, so that plus and minus make sense."""
    return 10.0 ** (len(str(int(1 / default))) * -1) if 0 < default < 1 else 1.0 if default >= 1 else 0.1
