"""A formula with numbers in it, as a record that knows nothing of any page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DIGITS = 4  # decimals, twice as many as the viewer has
MOST_TERMS = 5

Numbers = npt.NDArray[np.float64]


class Table(NamedTuple):
    """Numbers that a formula adds up, or chooses among."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Formula(NamedTuple):
    """Where a number comes from."""

    title: str
    """The number's name."""
    sentence: str
    """The same as the formula in words, with the result: for those who hear the page, or do not read formulas."""
    lines: tuple[str, ...]
    """In LaTeX: the specification's formula first, then with numbers."""
    table: Table | None = None
    note: str = ""
    """What else should be known, as a sentence."""


def tex(number: float, digits: int = DIGITS) -> str:
    """A number with `digits` decimals as LaTeX; zero has no sign."""
    text = f"{number:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def plain(number: float, digits: int = DIGITS) -> str:
    """The same for text, with a minus sign that is one."""
    return tex(number, digits).replace("-", "−")


def in_brackets(number: float) -> str:
    """A number as LaTeX that can follow a sign."""
    text = tex(number)
    return f"({text})" if text.startswith("-") else text


def plus(*numbers: float) -> str:
    """A sum as LaTeX: negative numbers are subtracted."""
    texts = [tex(number) for number in numbers]
    return texts[0] + "".join(f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in texts[1:])


def power_of_e(number: float) -> str:
    """A positive number as LaTeX with five digits that count."""
    mantissa, _, exponent = f"{number:.4e}".partition("e")
    return f"{number:.4f}" if 0.01 <= number < 1e5 else rf"{mantissa}\times 10^{{{int(exponent)}}}"


class Products(NamedTuple):
    """A weighted sum: which of its products count most, and what the others come to."""

    most: tuple[int, ...]
    """Indices of those that are largest, by their absolute value."""
    products: Numbers

    @property
    def shown(self) -> float:
        """Of the largest."""
        return float(self.products[list(self.most)].sum())

    @property
    def rest(self) -> float:
        """Of all others."""
        return float(self.products.sum()) - self.shown


def products(weights: Numbers, inputs: Numbers, most: int = MOST_TERMS) -> Products:
    """Each weight times its input."""
    found = weights * inputs
    order = np.argsort(-np.abs(found), kind="stable")[:most]
    return Products(tuple(int(index) for index in order if found[index] != 0), found)


def sum_of_products(of: Products, bias: float) -> str:
    """A weighted sum and its bias as LaTeX: the largest products together, the others, and the bias."""
    count, others = len(of.most), len(of.products) - len(of.most)
    if not others:
        return rf"\underbrace{{{tex(of.shown)}}}_{{\text{{all {count}}}}} {_bias(bias)}"
    first = rf"\underbrace{{{tex(of.shown)}}}_{{\text{{largest {count}}}}} + " if count else ""
    return rf"{first}\underbrace{{{in_brackets(of.rest)}}}_{{\text{{other {others}}}}} {_bias(bias)}"


def _bias(bias: float) -> str:
    return rf"+ \underbrace{{{in_brackets(bias)}}}_{{b}}"


def table_of_products(of: Products, weights: Numbers, inputs: Numbers, names: Sequence[str]) -> Table:
    """The products that count most, as a table; `names` are the column of the inputs, and then each input's."""
    return Table(
        "What counts most",
        (names[0], "its number", "weight", "product"),
        tuple(
            (names[index + 1], plain(inputs[index]), plain(weights[index]), plain(of.products[index]))
            for index in of.most
        ),
    )
