"""What the stated ranges tell about phrases: a phrase means the column whose values its range fits.

A question calls a column the same in its filter and in its list of features. The filter adds the
range or the allowed values, and the first call has told which columns those fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(
    rf"(?:between|from|in|of|\[|\()?\s*\$?({NUMBER})[%°$]?[\w ]{{0,12}}?\s*"
    rf"(?:and|to|through|–|—|-|,|up to)\s*\$?({NUMBER})"
)
_NEAR = 70
"""A range this many characters behind a phrase is the phrase's."""
_LIST = 260
"""How far a list of allowed values can reach."""
WEIGHT = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRange:
    """A numeric range in the text, and where it stands."""

    low: float
    high: float
    start: int
    end: int


def plain(text: str) -> str:
    """Write typographic quotes and minus signs as ASCII."""
    text = text.translate(str.maketrans("“”‘’", "\"\"''"))
    return re.sub(r"(?<![\w)\]])\s?[–−](?=\d)", lambda m: m[0][:-1] + "-", text)


def find_ranges(text: str) -> list[StatedRange]:
    """Find all numeric ranges of a text."""
    found: list[StatedRange] = []
    for match in _RANGE.finditer(text):
        low, high = (float(part.replace(",", "").rstrip(".")) for part in match.groups())
        if low <= high:
            found.append(StatedRange(low=low, high=high, start=match.start(), end=match.end()))
    return found


class Clues:
    """The text's ranges and values beside the columns that they fit."""

    def __init__(self, text: str, columns: Sequence[Mapping[str, Any]]) -> None:
        self._text = text.lower()
        self._columns = columns

    @cached_property
    def _ranges(self) -> list[StatedRange]:
        return find_ranges(self._text)

    def bonus(self, phrase: str) -> list[float]:
        """Rate every column for a phrase, in [0, WEIGHT], by what stands behind the phrase."""
        asked = re.sub(r"^(?:the|a|an)\s+", "", phrase.lower().strip(" `'\".,:;"))
        best = [0.0] * len(self._columns)
        if len(asked) < 3:
            return best
        for match in re.finditer(rf"(?<!\w){re.escape(asked)}(?!\w)", self._text):
            for position, rate in enumerate(self._behind(match.end())):
                best[position] = max(best[position], WEIGHT * rate)
        return best

    def _behind(self, end: int) -> list[float]:
        following = [r for r in self._ranges if end <= r.start + 1]
        rates = [0.0] * len(self._columns)
        if following and following[0].start - end < _NEAR:
            stated = following[0]
            fits = [
                p
                for p, column in enumerate(self._columns)
                if [stated.low, stated.high] in column.get("ranges", [])
            ]
            for position in fits:
                rates[position] = 1 / len(fits)
        for position, column in enumerate(self._columns):
            rates[position] = max(rates[position], self._listed(end, column.get("stated", [])))
        return rates

    def _listed(self, end: int, values: Sequence[str]) -> float:
        """Give the share of a column's stated values that are listed right behind a phrase."""
        near = self._text[end : end + _NEAR]
        if not any(_stands_in(near, value) for value in values):
            return 0.0
        reach = self._text[end : end + _LIST]
        return sum(_stands_in(reach, value) for value in values) / len(values)


def _stands_in(text: str, value: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(value.strip().lower())}(?!\w)", text))
