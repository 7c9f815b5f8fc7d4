"""Draws a wording: one of several texts, and in it one of the words of each pair of brackets.

`[Drop|Remove] the row[s|]` stands for four texts. Brackets can stand in brackets. Since a wording
is drawn before names and numbers are put in, what they hold is never read as brackets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
GROUPED = 10_000
"""From this number on, thousands are separated by commas."""


def draw(wordings: Sequence[str], rng: np.random.Generator, **names: object) -> str:
    """Draw a wording and put names in for their `{placeholders}`."""
    wording = vary(wordings[int(rng.integers(len(wordings)))], rng)
    parts = re.split(r"\{(\w+)\}", wording)
    return "".join(str(names[part]) if i % 2 else part for i, part in enumerate(parts))


def vary(wording: str, rng: np.random.Generator) -> str:
    """Draw one of the words of each pair of brackets, the inner ones first."""
    while found := _CHOICE.search(wording):
        choices = found[1].split("|")
        drawn = choices[int(rng.integers(len(choices)))]
        wording = f"{wording[: found.start()]}{drawn}{wording[found.end() :]}"
    return wording


def listed(items: Sequence[str]) -> str:
    """Enumerate items: commas between them, and `and` before the last one."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def write_number(value: float) -> str:
    """Write a number as a person does, so that reading it back gives exactly the same number.

    Examples:
        >>> [write_number(x) for x in (2.0, 0.25, 12_500, 1987, -3.5e-7)]
        ['2', '0.25', '12,500', '1987', '-3.5e-07']
    """
    number = float(value)
    if not number.is_integer():
        plain = repr(number) if abs(number) < GROUPED else f"{number:,}"
        return plain if float(plain.replace(",", "")) == number else repr(number)
    whole = int(value)
    return f"{whole:,}" if GROUPED <= abs(whole) < 1e15 else str(whole)
