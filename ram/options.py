"""Options of a configuration: a field of a dataclass with the values that are possible and its explanation."""

from __future__ import annotations

import dataclasses
import difflib
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np

LONGEST = 60  # characters of a value in a message
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxlong = _BRIEF.maxother = LONGEST


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the field, its value and the remedy."""


@dataclasses.dataclass(frozen=True)
class WholeNumbers:
    """All whole numbers from `low` to `high`."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclasses.dataclass(frozen=True)
class Numbers:
    """All numbers from `low` to `high`, whole or not."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        # NaN fails the comparison.
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Choices:
    """A few words."""

    options: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def __str__(self) -> str:
        return f"one of {self.options}"


@dataclasses.dataclass(frozen=True)
class Switch:
    """True or False, and not 1 or 0."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


Values = WholeNumbers | Numbers | Choices | Switch


def option(default: Any, values: Values, explanation: str) -> Any:
    """A field of a configuration: its default, the values that are possible, and what it means."""
    return dataclasses.field(default=default, metadata={"values": values, "help": explanation})


def brief(value: object) -> str:
    """The value as Python writes it, its middle left out if it is long: a file may hold a name of megabytes."""
    return _BRIEF.repr(value)


def require(condition: bool, name: str, value: object, expected: object) -> None:
    """Raises a ConfigError that names a field, its value and what was expected, unless the condition holds."""
    if not condition:
        raise ConfigError(f"{name}={brief(value)} is not possible: it must be {expected}")


class Checked:
    """A dataclass whose fields are checked against their possible values.

    Raises:
        ConfigError: a field has another value.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value, possible = getattr(self, field.name), field.metadata["values"]
            if isinstance(value, np.generic):  # NumPy's numbers are numbers; files and comparisons want Python's
                value = value.item()
                object.__setattr__(self, field.name, value)
            require(value in possible, field.name, value, possible)


def check_names(kind: str, fields: Iterable[dataclasses.Field], values: dict[str, Any]) -> None:
    """Checks that every value belongs to a field of a configuration.

    Raises:
        ConfigError: it does not; the message proposes a field with a similar name.
    """
    known = {field.name for field in fields}
    unknown = sorted(set(values) - known)
    if unknown:
        alike = difflib.get_close_matches(unknown[0][:LONGEST], known, n=1)
        meant = f"; did you mean {alike[0]!r}?" if alike else ""
        raise ConfigError(f"unknown field {brief(unknown[0])} of {kind}{meant}")
