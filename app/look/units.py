"""The units of the networks, each by the specification's formula with the numbers that went into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from app.look.formula import (
    DIGITS,
    Formula,
    Numbers,
    Table,
    in_brackets,
    plain,
    plus,
    products,
    sum_of_products,
    table_of_products,
    tex,
)
from app.look.inside import Inside
from ram import RAM

NAMES = {
    "what": "glimpse encoder",
    "where": "location encoder",
    "feature": "glimpse feature",
    "before": "hidden state before",
    "hidden": "hidden state",
    "cell_before": "cell state before",
    "cell": "cell state",
}
SHOWN_AS_0 = 0.5 / 10**DIGITS
_NOTHING = (
    f"Its activation is 0, whatever the model sees: to {DIGITS} decimals all its weights and its bias are 0. Weight "
    "decay has shrunk them, as nothing in training held them up."
)
_GATES = ("input", "forget", "candidate", "output")  # in the order of nn.LSTM


class _Linear(NamedTuple):
    """One row of a layer."""

    weights: Numbers
    bias: float


class Unit(NamedTuple):
    """A unit of a look's layers."""

    layer: str
    """One of the `NAMES`."""
    place: int
    """From 0."""

    def title(self, step: int) -> str:
        """What it is called at a step (from 0)."""
        return f"Unit {self.place + 1} of the {NAMES[self.layer]}, glimpse {step + 1}"


def explain_unit(model: RAM, inside: Inside, step: int, unit: Unit) -> Formula:
    """Where the activation of a unit comes from, at a step (from 0).

    Raises:
        IndexError: there is no such unit.
        KeyError: there is no such layer.
    """
    if unit.layer in ("before", "cell_before"):
        return _before(model, inside, step, unit)
    if unit.layer in inside.layers and unit.layer in ("hidden", "cell"):
        return (_lstm if model.config.use_lstm else _simple)(model, inside, step, unit)
    return _rectified(model, inside, step, unit)


def _rectified(model: RAM, inside: Inside, step: int, unit: Unit) -> Formula:
    """A unit of the glimpse network."""
    network = model.glimpse_network
    linear, inputs, names = {
        "what": (network.glimpse_encoder, inside.patches[step].ravel(), _pixel_names(inside.patches.shape)),
        "where": (network.location_encoder, inside.locations[step], iter(("coordinate", "x", "y"))),
        "feature": (
            network.combine,
            np.concatenate([inside.layers["what"][step], inside.layers["where"][step]]),
            _encoder_names(inside.layers["what"].shape[1]),
        ),
    }[unit.layer]
    row, numbers = _row(linear, unit.place), inputs.astype(np.float64)
    found, total = products(row.weights, numbers), float(row.weights @ numbers + row.bias)
    activation = float(inside.layers[unit.layer][step, unit.place])
    symbols = {"what": r"\mathbf{p}", "where": r"\mathbf{l}", "feature": r"[\mathbf{e}, \mathbf{l}']"}
    return Formula(
        unit.title(step),
        _NOTHING
        if _is_nothing(row)
        else f"Its activation is {plain(activation)}. The weighted sum of its {len(numbers)} inputs and the bias comes "
        f"to {plain(total)}{_fate(total)}.",
        (
            rf"a_{{{unit.place + 1}}} = \mathrm{{ReLU}}(\mathbf{{w}} \cdot {symbols[unit.layer]} + b)",
            rf"= \mathrm{{ReLU}}({sum_of_products(found, row.bias)})",
            rf"= \mathrm{{ReLU}}({tex(total)}) = {tex(activation)}",
        ),
        table_of_products(found, row.weights, numbers, list(names)),
    )


def _simple(model: RAM, inside: Inside, step: int, unit: Unit) -> Formula:
    """A unit of the simple RNN's hidden state."""
    old, new = (
        _row(linear, unit.place) for linear in (model.core_network.hidden_linear, model.core_network.input_linear)
    )
    before, feature = (
        numbers.astype(np.float64) for numbers in (inside.before("hidden", step), inside.layers["feature"][step])
    )
    memory, seen = float(old.weights @ before), float(new.weights @ feature)
    activation = float(inside.layers["hidden"][step, unit.place])
    total, bias, at = memory + seen + old.bias + new.bias, old.bias + new.bias, step + 1
    both, inputs = np.concatenate([old.weights, new.weights]), np.concatenate([before, feature])
    names = ["input", *(f"memory {index + 1}" for index in range(len(before)))]
    names += [f"feature {index + 1}" for index in range(len(feature))]
    return Formula(
        unit.title(step),
        _NOTHING
        if _is_nothing(old, new)
        else f"Its activation is {plain(activation)}. The memory contributes {plain(memory)}, what glimpse {at} saw "
        f"{plain(seen)}, the biases {plain(bias)}: together {plain(total)}{_fate(total)}.",
        (
            rf"h_{{{unit.place + 1}}} = \mathrm{{ReLU}}(\mathbf{{u}} \cdot \mathbf{{h}}_{{{step}}}"
            rf" + \mathbf{{w}} \cdot \mathbf{{g}}_{{{at}}} + b)",
            rf"= \mathrm{{ReLU}}(\underbrace{{{tex(memory)}}}_{{\text{{memory}}}}"
            rf" + \underbrace{{{in_brackets(seen)}}}_{{\text{{glimpse}}}}"
            rf" + \underbrace{{{in_brackets(bias)}}}_{{\text{{biases}}}})",
            rf"= \mathrm{{ReLU}}({tex(total)}) = {tex(activation)}",
        ),
        table_of_products(products(both, inputs), both, inputs, names),
    )


def _lstm(model: RAM, inside: Inside, step: int, unit: Unit) -> Formula:
    """A unit of the LSTM's hidden or cell state."""
    sums, at, name = _gate_sums(model, inside, step, unit.place), step + 1, unit.place + 1
    activation = float(inside.layers[unit.layer][step, unit.place])
    enter, keep, candidate, out = (
        float(np.tanh(total) if gate == "candidate" else 1 / (1 + np.exp(-total)))
        for gate, total in zip(_GATES, sums, strict=True)
    )
    old, cell = float(inside.before("cell", step)[unit.place]), float(inside.layers["cell"][step, unit.place])
    if unit.layer == "cell":
        sentence = (
            f"The cell holds {plain(activation)}: it keeps {plain(keep)} of the {plain(old)} before, and takes in "
            f"{plain(enter)} of the candidate {plain(candidate)}."
        )
        lines = (
            rf"c_{{{name}}} = f \cdot c_{{{name}}}' + i \cdot \tilde{{c}}",
            rf"= {tex(keep)} \cdot {in_brackets(old)} + {tex(enter)} \cdot {in_brackets(candidate)}",
            rf"= {plus(keep * old, enter * candidate)} = {tex(activation)}",
        )
    else:
        sentence = (
            f"Its activation is {plain(activation)}: the output gate lets {plain(out)} of the tanh of the cell "
            f"{plain(cell)} through."
        )
        lines = (
            rf"h_{{{name}}} = o \cdot \tanh(c_{{{name}}})",
            rf"= {tex(out)} \cdot \tanh({tex(cell)})",
            rf"= {tex(out)} \cdot {in_brackets(float(np.tanh(cell)))} = {tex(activation)}",
        )
    rows = zip(("i", "f", "c̃", "o"), _GATES, ("σ", "σ", "tanh", "σ"), sums, (enter, keep, candidate, out), strict=True)
    return Formula(
        unit.title(step),
        sentence,
        lines,
        Table(
            "Its gates",
            ("gate", "", "weighted sum", "of it", "gives"),
            tuple(
                (gate_name, symbol, plain(total), squash, plain(gate))
                for symbol, gate_name, squash, total, gate in rows
            ),
        ),
        f"Each gate is a weighted sum of the hidden state before and of what glimpse {at} saw.",
    )


def _gate_sums(model: RAM, inside: Inside, step: int, unit: int) -> list[float]:
    """What an LSTM's unit adds up, by gate."""
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    hidden = model.config.hidden_size
    rows = [unit + gate * hidden for gate in range(len(_GATES))]
    new, old, new_bias, old_bias = (
        getattr(model.core_network.lstm, name)[rows].detach().cpu().numpy().astype(np.float64) for name in names
    )
    feature, before = inside.layers["feature"][step], inside.before("hidden", step)
    return [float(total) for total in new @ feature + old @ before + new_bias + old_bias]


def _before(model: RAM, inside: Inside, step: int, unit: Unit) -> Formula:
    """What a unit held when the step began."""
    if step:
        return explain_unit(
            model, inside, step - 1, unit._replace(layer="hidden" if unit.layer == "before" else "cell")
        )
    if unit.place >= model.config.hidden_size or (unit.layer == "cell_before" and not model.config.use_lstm):
        raise IndexError(unit.place)
    symbol = "h" if unit.layer == "before" else "c"
    return Formula(
        unit.title(step),
        "It is 0: before the first glimpse the memory is empty.",
        (rf"\mathbf{{{symbol}}}_0 = \mathbf{{0}}",),
    )


def _row(linear: object, unit: int) -> _Linear:
    weight, bias = linear.weight, linear.bias  # type: ignore[attr-defined]
    return _Linear(weight[unit].detach().cpu().numpy().astype(np.float64), float(bias[unit].detach()))


def _is_nothing(*rows: _Linear) -> bool:
    return all(max(np.abs(row.weights).max(), abs(row.bias)) < SHOWN_AS_0 for row in rows)


def _fate(total: float) -> str:
    return ", and the ReLU makes 0 of it" if total < 0 else ""


def _pixel_names(shape: tuple[int, ...]) -> Iterator[str]:
    _, scales, size, _ = shape
    yield "pixel"
    for scale in range(scales):
        of = f", scale {scale + 1}" if scales > 1 else ""
        yield from (f"row {row + 1}, column {column + 1}{of}" for row in range(size) for column in range(size))


def _encoder_names(what: int) -> Iterator[str]:
    yield "input"
    yield from (f"what {index + 1}" for index in range(what))
    yield from (f"where {index + 1}" for index in range(what))
