"""The cells of tables: numbers with the texts that people read in their place."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "-"
"""Stands where there is no figure."""
DIGITS = 6
"""Decimals of a number; what is beyond them is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as programs read it, and as it is shown."""

    value: float | int | None
    """In the unit of the text; None where there is none."""
    text: str
    low: float | None = None
    """Lower end of its 95 % interval, if it has one."""
    high: float | None = None

    def __str__(self) -> str:
        return self.text


Cell = str | Number


def percent(share: float | None, form: str = ".1f") -> Number:
    """Return a share in percent."""
    return number(None if share is None else 100 * share, form)


def number(value: float | None, form: str = ".1f") -> Number:
    """Return a number that is shown in some format."""
    if value is None:
        return Number(value=None, text=UNKNOWN)
    return Number(value=round(value, DIGITS), text=format(value, form))


def count(value: int | None) -> Number:
    """Return how many of something there are."""
    return Number(value=value, text=UNKNOWN if value is None else str(value))
