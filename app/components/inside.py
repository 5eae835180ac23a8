"""What goes on inside the model, drawn as the specification's flow for the glimpse that a viewer has on screen."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from app.components import component
from app.look.inside import Inside
from app.look.light import LIGHT
from app.look.scene import Floats
from app.session.inside import Asked
from ram import RAM

MOST_CELLS = 14_000  # in all glimpses and layers: of larger models the first units of each layer are drawn
_LEVELS = 127

_mount = component("inside")


def inside_panel(
    model: RAM,
    inside: Inside,
    *,
    viewer: str,
    never: Mapping[str, list[int]],
    sample: int,
    chosen: Asked | None,
    said: str,
    key: str,
    on_ask: Callable[[], None],
) -> Any:
    """Draws what goes on inside; it follows the viewer with the key `viewer`.

    Args:
        model: what looked.
        inside: what went on in it.
        viewer: the key of the viewer.
        never: by layer the units that no glimpse at the digits of a sample makes active.
        sample: how many digits there are in it.
        chosen: what is explained beneath.
        said: that explanation as a sentence, which is read out.
        key: identifies it on the page; the component's state is `st.session_state[key]`.
        on_ask: called with `ask` {glimpse, item} in the state when another number was chosen.
    """
    return _mount(
        data={
            "name": viewer,
            "layers": {name: _layer_data(name, inside, never.get(name, [])) for name in inside.layers},
            "parts": parts_of(model),
            "means": np.round(inside.means, 6).tolist(),
            "log_probs": np.round(inside.log_probs, 6).tolist(),
            "sample": sample,
            "chosen": None if chosen is None else dataclasses.asdict(chosen),
            "said": said,
            "light": LIGHT._asdict(),
        },
        key=key,
        on_ask_change=on_ask,
    )


def _layer_data(name: str, inside: Inside, never: list[int]) -> dict[str, Any]:
    """A layer as the browser gets it: a byte a unit, in parts of the largest activation of this look."""
    layer = inside.layers[name]
    shown = min(layer.shape[1], max(MOST_CELLS // (inside.steps * len(inside.layers)), 1))
    return {
        "units": layer.shape[1],
        "shown": shown,
        "largest": float(np.abs(layer).max()),
        "cells": base64.b64encode(quantised(layer)[:, :shown].tobytes()).decode(),
        "active": (layer != 0).sum(axis=1).tolist(),
        "never": [unit for unit in never if unit < shown],
        "dead": len(never),
    }


def quantised(layer: Floats) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Activations as whole numbers from -127 to 127; what is not 0 does not become 0."""
    largest = float(np.abs(layer).max()) or 1.0
    levels = np.rint(layer / largest * _LEVELS)
    return np.where((levels == 0) & (layer != 0), np.sign(layer), levels).astype(np.int8)


class Part(NamedTuple):
    """A part of the model, as the specification names it."""

    does: str
    """What it computes, in PyTorch's words."""
    shape: str
    """Of what it returns."""
    parameters: int


def parts_of(model: RAM) -> dict[str, dict[str, Any]]:
    """All parts by name, with their shapes and parameters, from the model's own layers."""
    config, network, core = model.config, model.glimpse_network, model.core_network
    hidden = config.hidden_size
    parts = {
        "sensor": Part(_crops(model), _shape(config.patch_features), 0),
        "what": _layer_part(network.glimpse_encoder, "ReLU"),
        "where": _layer_part(network.location_encoder, "ReLU"),
        "feature": _layer_part(network.combine, "ReLU"),
        "core": Part(
            f"LSTM({hidden}, {hidden})" if config.use_lstm else "ReLU(Linear(h) + Linear(g))",
            _shape(hidden),
            _count(core),
        ),
        "location": _layer_part(model.location_network.linear, "Tanh"),
        "value": _layer_part(model.value_network.linear),
        "action": _layer_part(model.action_network.linear, "Softmax"),
        "model": Part("", "", _count(model)),
    }
    return {name: part._asdict() for name, part in parts.items()}


def _crops(model: RAM) -> str:
    size, scales = model.config.glimpse_size, model.config.num_scales
    return f"{size}×{size}" if scales == 1 else f"{scales} × {size}×{size}"


def _layer_part(linear: nn.Linear, then: str = "") -> Part:
    does = f"Linear({linear.in_features}, {linear.out_features})"
    return Part(f"{does} → {then}" if then else does, _shape(linear.out_features), _count(linear))


def _shape(units: int) -> str:
    return f"({units},)"


def _count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
