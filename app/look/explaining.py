"""The numbers of a look, each by the specification's formula with the numbers that went into it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from app.look.formula import (
    Formula,
    Numbers,
    Table,
    in_brackets,
    plain,
    plus,
    power_of_e,
    products,
    sum_of_products,
    table_of_products,
    tex,
)
from app.look.inside import Inside
from app.look.units import Unit, explain_unit
from ram import RAM

LARGEST_POWER = 50.0  # from such a logit on, its power of e would be too large to read
MOST_CLASSES = 10
_BASELINE = "It is the baseline of REINFORCE: what the model expects as its reward."
_FITTED = (
    "In training it was the baseline of REINFORCE. Afterwards it was fitted to right answers: it tells how likely the "
    "answer is to be right."
)
_NOT_FOR_LATEX = re.compile(r"[^\w ]|_")
_ITEM = re.compile(r"(\w+)((?::\d{1,4})*)")


class Item(NamedTuple):
    """A number on the page, as the browser names it."""

    name: str
    """"value", "class", "location", "log_prob", "pixel", or one of `units.NAMES`."""
    place: tuple[int, ...] = ()
    """Of a class or a unit its index, of a pixel its scale, row and column."""


def parse_item(text: str) -> Item:
    """An item from its text, as `class:7`.

    Raises:
        ValueError: it is none.
    """
    found = _ITEM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no number of a look")
    return Item(found[1], tuple(map(int, found[2].split(":")[1:])))


class Looked(NamedTuple):
    """A model, what went on in it, and what its classes are called."""

    model: RAM
    inside: Inside
    classes: tuple[str, ...]
    value_fitted: bool = False
    """Whether its value was fitted to right answers after the training."""


def explain(looked: Looked, glimpse: int, item: Item) -> Formula:
    """Where a number of a glimpse (from 1) comes from.

    Raises:
        ValueError: this look has no such number.
    """
    try:
        if not 1 <= glimpse <= looked.inside.steps:
            raise IndexError
        if item.name in _EXPLAINED:
            return _EXPLAINED[item.name](looked, glimpse - 1, *item.place)
        return explain_unit(looked.model, looked.inside, glimpse - 1, Unit(item.name, *item.place))
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError(f"the look has no {item} at glimpse {glimpse}") from error


def weights_of(linear: object) -> tuple[Numbers, Numbers]:
    """Weights and biases of a layer, as NumPy adds them up."""
    weight, bias = linear.weight, linear.bias  # type: ignore[attr-defined]
    return weight.detach().cpu().numpy().astype(np.float64), bias.detach().cpu().numpy().astype(np.float64)


def _units(count: int) -> list[str]:
    return ["unit of h", *(f"unit {index + 1}" for index in range(count))]


def _value(looked: Looked, step: int) -> Formula:
    weights, biases = weights_of(looked.model.value_network.linear)
    hidden = looked.inside.layers["hidden"][step].astype(np.float64)
    found, value = products(weights[0], hidden), float(looked.inside.values[step])
    at = step + 1
    return Formula(
        f"Value after glimpse {at}",
        f"The value is {plain(value)}: each of the {len(hidden)} units of the hidden state times its weight, all added "
        f"up, plus the bias {plain(biases[0])}.",
        (
            rf"v_{{{at}}} = \mathbf{{w}} \cdot \mathbf{{h}}_{{{at}}} + b",
            rf"= {sum_of_products(found, biases[0])} = {tex(value)}",
        ),
        table_of_products(found, weights[0], hidden, _units(len(hidden))),
        f"{_FITTED if looked.value_fitted else _BASELINE} Nothing else reads it.",
    )


def _class(looked: Looked, step: int, index: int) -> Formula:
    logits, probs = (numbers[step].astype(np.float64) for numbers in (looked.inside.logits, looked.inside.probs))
    name, prob, at = looked.classes[index], float(probs[index]), step + 1
    weights, biases = weights_of(looked.model.action_network.linear)
    hidden = looked.inside.layers["hidden"][step].astype(np.float64)
    found = products(weights[index], hidden)
    # The same number may be taken from all logits: what comes out does not change.
    taken = float(logits.max()) if np.abs(logits).max() > LARGEST_POWER else 0.0
    powers = np.exp(logits - taken)
    order = sorted(np.argsort(-logits, kind="stable")[:MOST_CLASSES])
    rows = [*order, *([] if index in order else [index])]
    less = rf" - {in_brackets(taken)}" if taken else ""
    note = "" if step + 1 == looked.inside.steps else " Here it is read as if the model stopped now."
    return Formula(
        f"Probability of {name} after glimpse {at}",
        f"The probability of {name} is {plain(100 * prob, 2)} percent: e to the power of its logit "
        f"{plain(logits[index])}, divided by the same of all {len(logits)} classes together.",
        (
            rf"p({_named(name)}) = \mathrm{{softmax}}(\mathbf{{z}})_{{{_named(name)}}}"
            rf" = \frac{{e^{{z_{{{_named(name)}}}}}}}{{\sum_j e^{{z_j}}}}",
            rf"= \frac{{e^{{{tex(logits[index])}{less}}}}}{{\sum_j e^{{z_j{less}}}}}"
            rf" = \frac{{{power_of_e(float(powers[index]))}}}{{{power_of_e(float(powers.sum()))}}} = {tex(prob)}",
            rf"z_{{{_named(name)}}} = \mathbf{{w}}_{{{_named(name)}}} \cdot \mathbf{{h}}_{{{at}}} + b"
            rf" = {sum_of_products(found, biases[index])} = {tex(logits[index])}",
        ),
        Table(
            "All logits" if len(rows) == len(logits) else f"The {len(rows)} largest logits",
            ("class", "logit z", "probability"),
            tuple((looked.classes[row], plain(logits[row]), plain(probs[row])) for row in rows),
        ),
        f"The action network is trained on the last glimpse alone.{note}",
    )


def _named(name: str) -> str:
    """A class's name as LaTeX."""
    return name if name.isdigit() else rf"\text{{{_NOT_FOR_LATEX.sub('·', name)}}}"


def _location(looked: Looked, step: int) -> Formula:
    inside, at = looked.inside, step + 1
    x, y = (float(number) for number in inside.locations[step])
    here = f"({plain(x)}, {plain(y)})"
    title = f"Location of glimpse {at}"
    if step in inside.forced or step == 0:
        return _unchosen(looked, step, title, here)
    weights, biases = weights_of(looked.model.location_network.linear)
    hidden = inside.layers["hidden"][step - 1].astype(np.float64)
    noise, sums = inside.noise[step - 1].astype(np.float64), weights @ hidden + biases
    std, is_sampled = looked.model.config.location_std, bool(noise.any())
    lines = [
        rf"\mathbf{{l}}_{{{at}}} = \mathrm{{clamp}}(\tanh(W \mathbf{{h}}_{{{step}}} + \mathbf{{b}})"
        rf" + {std:g}\,\boldsymbol{{\varepsilon}})"
    ]
    for axis, name in enumerate("xy"):
        added = f" + {std:g} \\cdot {in_brackets(noise[axis] / std)}" if is_sampled else ""
        clamped = rf" = \mathrm{{clamp}}({tex(inside.samples[step][axis])})" if is_sampled else ""
        result = tex(float(inside.locations[step][axis]))
        lines.append(rf"{name} = \tanh({tex(sums[axis])}){added}{clamped} = {result}")
    parts = [products(weights[axis], hidden) for axis in range(2)]
    order = np.argsort(-np.abs(np.stack([part.products for part in parts])).max(axis=0), kind="stable")[:5]
    how = (
        f"Noise of standard deviation {std:g} was added, and the sum clamped to the image."
        if is_sampled
        else f"The gaze follows the policy's mean: ε is 0. In training it is random, and spreads by {std:g}."
    )
    return Formula(
        title,
        f"Glimpse {at} looks at {here}: the tanh of two weighted sums of the hidden state after glimpse {step}. {how}",
        tuple(lines),
        Table(
            "What counts most before the tanh",
            ("unit of h", "its number", "weight, x", "weight, y", "product, x", "product, y"),
            tuple(
                (
                    f"unit {unit + 1}",
                    *(plain(number) for number in (hidden[unit], weights[0, unit], weights[1, unit])),
                    *(plain(part.products[unit]) for part in parts),
                )
                for unit in order
            ),
        ),
        f"Before the tanh, the biases {plain(biases[0])} and {plain(biases[1])} are added.",
    )


def _unchosen(looked: Looked, step: int, title: str, here: str) -> Formula:
    """Of a location that the policy did not choose."""
    inside, at = looked.inside, step + 1
    result = rf"\mathbf{{l}}_{{{at}}} = ({tex(inside.locations[step][0])},\; {tex(inside.locations[step][1])})"
    if step and step in inside.forced:
        mean = ", ".join(plain(float(number)) for number in inside.means[step])
        why = f"You moved it there. The policy's mean was ({mean})."
    elif step in inside.forced or inside.start is not None:
        why = "No policy chooses the first glimpse: it was placed there."
    else:
        why = "No policy chooses the first glimpse: it is drawn uniformly from the image."
        result += r" \sim \mathcal{U}([-1, 1]^2)"
    return Formula(title, f"Glimpse {at} looks at {here}. {why}", (result,))


def _log_prob(looked: Looked, step: int) -> Formula:
    inside, at, std = looked.inside, step + 1, looked.model.config.location_std
    if step == 0:
        raise IndexError  # no policy chose it
    log_prob = float(inside.log_probs[step - 1])
    sample, mean = inside.samples[step].astype(np.float64), inside.means[step].astype(np.float64)
    squares = " + ".join(rf"({plus(sample[axis], -mean[axis])})^2" for axis in range(2))
    return Formula(
        f"Log-density of location {at}",
        f"The logarithm of the density with which the policy looks there is {plain(log_prob)}: that of a Gaussian of "
        f"standard deviation {std:g} around its mean ({plain(mean[0])}, {plain(mean[1])}), at the sample "
        f"({plain(sample[0])}, {plain(sample[1])}) before it was clamped.",
        (
            rf"\log \pi(\mathbf{{s}}_{{{at}}}) = -\frac{{\lVert \mathbf{{s}}_{{{at}}} - \boldsymbol{{\mu}}_{{{at}}}"
            r" \rVert^2}{2\sigma^2} - 2\log\sigma - \log 2\pi",
            rf"= -\frac{{{squares}}}{{2 \cdot {std:g}^2}} - 2\log {std:g} - \log 2\pi",
            rf"= {plus(-float(((sample - mean) ** 2).sum()) / (2 * std**2), -2 * np.log(std), -np.log(2 * np.pi))}"
            rf" = {tex(log_prob)}",
        ),
        note="REINFORCE scores the sample and not the clamped location: the density belongs to what the Gaussian "
        "produced.",
    )


def _pixel(looked: Looked, step: int, scale: int, row: int, column: int) -> Formula:
    inside, cell = looked.inside, 2**scale
    grey = float(inside.patches[step, scale, row, column])
    left, top = (int(edge) for edge in inside.corners[step, scale] + np.array([column, row]) * cell)
    height, width = inside.image.shape
    rows, columns = (np.arange(start, start + cell) for start in (top, left))
    within = (rows >= 0)[:, None] & (rows < height)[:, None] & (columns >= 0) & (columns < width)
    levels = np.where(within, inside.image[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))], 0.0)
    total, count = float(levels.sum(dtype=np.float64)), cell**2
    where = f"row {row + 1}, column {column + 1}" + (f" of scale {scale + 1}" if inside.patches.shape[1] > 1 else "")
    beyond = "" if within.all() else " Beyond the border the image is zero."
    title = f"Pixel of the patch in {where}, glimpse {step + 1}"
    if scale == 0:
        place = f"the image's pixel in row {top + 1}, column {left + 1}" if within.all() else "a pixel beyond the image"
        return Formula(title, f"Its grey level is {plain(grey)}, that of {place}.{beyond}", (rf"p = {tex(grey)}",))
    return Formula(
        title,
        f"Its grey level is {plain(grey)}: the mean of the {count} pixels from row {top + 1}, column {left + 1} to row "
        f"{top + cell}, column {left + cell} of the image.{beyond}",
        (
            rf"p = \frac{{1}}{{{cell}^2}} \sum_{{i=1}}^{{{cell}}} \sum_{{j=1}}^{{{cell}}} I_{{ij}}",
            rf"= \frac{{{tex(total)}}}{{{count}}} = {tex(grey)}",
        ),
        Table(
            "The grey levels of these pixels",
            ("", *(f"column {left + 1 + index}" for index in range(cell))),
            tuple(
                (f"row {top + 1 + line}", *(plain(float(level), 2) for level in levels[line])) for line in range(cell)
            ),
        )
        if cell <= 4
        else None,
    )


_EXPLAINED: dict[str, Callable[..., Formula]] = {
    "value": _value,
    "class": _class,
    "location": _location,
    "log_prob": _log_prob,
    "pixel": _pixel,
}
