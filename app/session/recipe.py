"""What the next run will be: a preset and what was changed of it, also as text in the URL."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app.server import catalogue, models
from app.session.drawings import current_collection
from ram.checkpoints import CheckpointError
from ram.config import RAMConfig, TrainConfig, config_fields, parse_config
from ram.data.collection import Collection
from ram.earlier_names import with_current_names
from ram.options import Choices, Switch, Values, WholeNumbers
from ram.presets import PRESETS
from ram.training.run_folder import RunConfig

OWN = "my-drawings"  # the preset that goes on from a model with one's own drawings
LONGEST = 10  # minutes; what takes longer is for the command line
PRESETS_SHOWN = [name for name, preset in PRESETS.items() if 0 < preset.training.schedule.minutes <= LONGEST]
ARCHITECTURE = [field.name for field in dataclasses.fields(RAMConfig) if field.name != "num_actions"]
FIELDS = {field.name: field for kind in (RAMConfig, TrainConfig) for field in config_fields(kind)}
PRESET, START, WITH_DRAWINGS = "preset", "start", "with_drawings"  # the form's first widgets


@dataclasses.dataclass(frozen=True)
class Form:
    """What the form's widgets hold."""

    preset: str
    start: str
    """Name of the model to begin with; empty for random weights."""
    with_drawings: bool
    """Whether one's own drawings are wanted; there may be none."""
    values: dict[str, Any]
    """Every field of the configuration."""
    defaults: dict[str, Any]
    """What the preset, and the model to begin with, say of each."""

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {name: value for name, value in self.values.items() if value != self.defaults[name]}


class Recipe(NamedTuple):
    """All that a run needs."""

    config: RunConfig
    start: Path | None
    """The checkpoint to begin with; None for random weights."""
    drawings: Collection | None
    """Drawings to train on beside MNIST."""


def current() -> Form:
    """The form as it is now."""
    state, defaults = st.session_state, _defaults()
    values = {name: state.get(key(name), value) for name, value in defaults.items()}
    return Form(state.preset, state.start, state.with_drawings == "yes", values, defaults)


def read() -> Recipe:
    """The run that the form describes.

    Raises:
        ValueError: it cannot work; the message says why.
    """
    form = current()
    own = current_collection() if form.with_drawings else None
    start = catalogue.model_labels()[form.start] if form.start else ""
    return Recipe(
        RunConfig(form.preset, _config(RAMConfig, form.values), _config(TrainConfig, form.values), start),
        catalogue.checkpoint_path(form.start) if form.start else None,
        own if own is not None and len(own.digits.labels) else None,
    )


def key(name: str) -> str:
    """The key of the widget for a field of the configuration."""
    return f"field_{name}"


def restore() -> None:
    """Gives the widgets their values: in a new session from the URL, after a page switch as they were."""
    state = st.session_state
    if state.preset not in PRESETS_SHOWN:
        state.preset = PRESETS_SHOWN[0]
    if key("seed") not in state:
        _fill({**_defaults(), **_decode(state.recipe)})


def remember() -> None:
    """Puts what was changed into the URL's text."""
    st.session_state.recipe = ",".join(f"{name}:{value}" for name, value in current().changed.items())


def take_own_drawings() -> None:
    """Makes the next run one that goes on with one's own drawings."""
    st.session_state.preset = OWN
    take_preset()


def take_preset() -> None:
    """Fills the form as the chosen preset says."""
    state = st.session_state
    own = state.preset == OWN
    state.start = catalogue.DEFAULT_MODEL if own and catalogue.DEFAULT_MODEL in catalogue.model_names() else ""
    state.with_drawings = "yes" if own else "no"
    _fill(_defaults())


def take_start() -> None:
    """Fills in the architecture of the chosen model to begin with, or else the preset's."""
    defaults = _defaults()
    _fill({name: defaults[name] for name in ARCHITECTURE})


def _defaults() -> dict[str, Any]:
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
        st.session_state[key(name)] = value


def _decode(text: str) -> dict[str, Any]:
    """Reads what `remember` wrote; ignores whatever is not possible."""
    entries = dict(entry.partition(":")[::2] for entry in text.split(","))
    values: dict[str, Any] = {}
    for name, value in with_current_names(entries).items():
        if name in FIELDS:
            possible = FIELDS[name].metadata["values"]
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
