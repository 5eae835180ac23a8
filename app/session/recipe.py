"""What the next run will be: a preset and what was changed of it, as a form and as text in the URL."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app.server import catalogue, models
from app.server.limits import read_limits
from app.session.drawings import current_collection
from ram.checkpoints import FREE_FIELDS, CheckpointError
from ram.config import (
    Choices,
    Numbers,
    RAMConfig,
    Switch,
    TrainConfig,
    Values,
    WholeNumbers,
    config_fields,
    parse_config,
    with_current_names,
)
from ram.data.collection import Collection
from ram.presets import PRESETS
from ram.training.run_folder import RunConfig

OWN = "my-drawings"  # the preset that goes on from a model with one's own drawings
LONGEST = 10  # minutes; what takes longer is for the command line
PRESETS_SHOWN = [name for name, preset in PRESETS.items() if 0 < preset.training.schedule.minutes <= LONGEST]
ARCHITECTURE = [field.name for field in dataclasses.fields(RAMConfig) if field.name != "num_actions"]
LENGTH = ["minutes", "epochs"]
TRAINING = [
    "learning_rate",
    "batch_size",
    "rollouts",
    "seed",
    "baseline",
    "reinforce_weight",
    "reward",
    "location_noise",
]
IMAGES = [500, 1000, 2500, 5000, 10_000, 25_000, 0]  # 0: all
_FIELDS = {field.name: field for kind in (RAMConfig, TrainConfig) for field in config_fields(kind)}
_SHOWN = {*ARCHITECTURE, *LENGTH, *TRAINING, "train_images", "drawing_share"}


class Recipe(NamedTuple):
    """All that a run needs."""

    config: RunConfig
    start: Path | None
    """The checkpoint to begin with; None for random weights."""
    drawings: Collection | None
    """Drawings to train on beside MNIST."""


def preset() -> str:
    """The chosen preset."""
    return st.session_state.preset


def is_changed() -> bool:
    """Whether anything differs from the preset."""
    return bool(st.session_state.recipe)


def restore() -> None:
    """Gives the form's widgets their values: from the URL in a new session, as they were after a page switch."""
    state = st.session_state
    if state.preset not in PRESETS_SHOWN:
        state.preset = PRESETS_SHOWN[0]
    if _key("seed") not in state:
        _fill({**_defaults(), **_decode(state.recipe)})


def remember() -> None:
    """Puts what differs from the preset into the URL's text."""
    st.session_state.recipe = ",".join(f"{name}:{value}" for name, value in _changed().items())


def _changed() -> dict[str, Any]:
    """The fields that differ from the preset."""
    state, defaults = st.session_state, _defaults()
    return {name: state[_key(name)] for name in defaults if state.get(_key(name), defaults[name]) != defaults[name]}


def read() -> Recipe:
    """What the form says.

    Raises:
        ValueError: it cannot work; the message says why.
    """
    state = st.session_state
    values = {name: state.get(_key(name), value) for name, value in _defaults().items()}
    own = current_collection() if state.with_drawings == "yes" else None
    return Recipe(
        RunConfig(
            state.preset,
            _config(RAMConfig, values),
            _config(TrainConfig, values),
            catalogue.model_labels()[state.start] if state.start else "",
        ),
        catalogue.checkpoint_path(state.start) if state.start else None,
        own if own is not None and len(own.digits.labels) else None,
    )


def show_presets() -> None:
    """The presets, one of them chosen."""
    st.radio(
        "Preset",
        PRESETS_SHOWN,
        key="preset",
        format_func=lambda name: PRESETS[name].title,
        captions=[f"{PRESETS[name].description[0].upper()}{PRESETS[name].description[1:]}." for name in PRESETS_SHOWN],
        on_change=_take_preset,
        label_visibility="collapsed",
    )


def show_form() -> None:
    """What a class would change of the preset; an address can change the other fields, too."""
    state = st.session_state
    names = {"": "random weights", **catalogue.model_labels()}
    st.selectbox(
        "Start from",
        [*names],
        key="start",
        format_func=lambda name: names[name],
        on_change=_take_start,
        help="From scratch, or going on from the weights of a trained model.",
    )
    shares = IMAGES if state[_key("train_images")] in IMAGES else sorted([*IMAGES, state[_key("train_images")]])
    st.select_slider(
        "Digits to train on",
        [*(share for share in shares if share), 0],
        key=_key("train_images"),
        format_func=lambda count: f"{count:,}" if count else "all",
        help="How many of MNIST's training digits. With few, training accuracy rises and validation accuracy stays.",
    )
    count = len(current_collection().digits.labels)
    if count:
        st.segmented_control(
            f"With my {count} drawings", ["no", "yes"], key="with_drawings", required=True, help=_help("drawing_share")
        )
        if state.with_drawings == "yes":
            _field("drawing_share")
    with st.expander("Architecture", icon=":material/account_tree:"):
        for name in ARCHITECTURE:
            _field(name, disabled=bool(state.start) and name not in FREE_FIELDS)
    with st.expander("Training", icon=":material/tune:"):
        for name in (*LENGTH, *TRAINING):
            _field(name)
    others = [f"`{name}` {state[_key(name)]}" for name in _changed() if name not in _SHOWN]
    if others:
        st.caption(f"From the address: {', '.join(others)}.")


def _field(name: str, *, disabled: bool = False) -> None:
    """One setting; its range and its explanation are the configuration's own."""
    values: Values = _FIELDS[name].metadata["values"]
    more: dict[str, Any] = {"key": _key(name), "help": f"{_help(name)} (`{name}`)", "disabled": disabled}
    label = name.replace("_", " ")
    match values:
        case Switch():
            st.toggle(label, **more)
        case Choices(options):
            st.selectbox(label, options, **more)
        case WholeNumbers(low, high):
            st.number_input(label, min_value=low, max_value=high, step=1, **more)
        case Numbers():
            more |= {"min_value": float(values.low), "max_value": float(values.high), "step": _step(name)}
            st.number_input(label, format="%g", **more)


def _help(name: str) -> str:
    """The configuration's explanation of a field, as a sentence."""
    text: str = _FIELDS[name].metadata["help"]
    return f"{text[0].upper()}{text[1:]}."


def _step(name: str) -> float:
    """A tenth of the power of ten of the default, so that plus and minus make sense."""
    default = _defaults()[name]
    return 10.0 ** (len(str(int(1 / default))) * -1) if 0 < default < 1 else 1.0 if default >= 1 else 0.1


def take_own_drawings() -> None:
    """Makes the next run one that goes on with one's own drawings."""
    st.session_state.preset = OWN
    _take_preset()


def _take_preset() -> None:
    """A preset was chosen: everything is as it says."""
    state = st.session_state
    own = state.preset == OWN
    state.start = catalogue.DEFAULT_MODEL if own and catalogue.DEFAULT_MODEL in catalogue.model_names() else ""
    state.with_drawings = "yes" if own else "no"
    _fill(_defaults())


def _take_start() -> None:
    """A start was chosen: the architecture is the checkpoint's, or the preset's again."""
    defaults = _defaults()
    _fill({name: defaults[name] for name in ARCHITECTURE})


def _defaults() -> dict[str, Any]:
    """The preset's fields; the architecture is that of the checkpoint to start from."""
    state = st.session_state
    preset = PRESETS[state.preset]
    model = preset.model
    if state.start:
        try:
            model = models.model_info(state.start).config
        except CheckpointError:
            state.start = ""  # it was deleted just now
    return {**dataclasses.asdict(model), **preset.training.flat()}


def _fill(values: dict[str, Any]) -> None:
    for name, value in values.items():
        st.session_state[_key(name)] = value


def _decode(text: str) -> dict[str, Any]:
    """Reads what `remember` wrote; ignores whatever is not possible."""
    entries = dict(entry.partition(":")[::2] for entry in text.split(","))
    values: dict[str, Any] = {}
    for name, value in with_current_names(entries).items():
        if name in _FIELDS:
            possible = _FIELDS[name].metadata["values"]
            parsed = _parse(possible, value)
            values |= {name: parsed} if parsed in possible else {}
    return values


def _parse(values: Values, text: str) -> Any:
    """The value that a text in the address stands for; the text itself if it stands for none."""
    match values:
        case Switch():
            return {"True": True, "False": False}.get(text, text)
        case Choices():
            return text
    try:
        return int(text) if isinstance(values, WholeNumbers) else float(text)
    except ValueError:
        return text


def _config(kind: Any, values: dict[str, Any]) -> Any:
    names = {field.name for field in config_fields(kind)}
    return parse_config(kind, {name: value for name, value in values.items() if name in names})


def _key(name: str) -> str:
    return f"field_{name}"


def describe_limits() -> str:
    """The server's limits in a sentence."""
    limits = read_limits()
    return (
        f"This server trains one run at a time, for at most {limits.longest_run:g} minutes and models of up to "
        f"{limits.largest_model:,} parameters; it keeps {limits.most_runs} runs."
    )
