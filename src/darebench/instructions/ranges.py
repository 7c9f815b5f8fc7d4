"""Read stated ranges, and what they tell about phrases.

A phrase means the column whose values fit the range beside it: a question calls a column the same
in its filter and in its list of features, and the filter adds the range or the allowed values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from darebench.instructions.facts import ColumnFacts
from darebench.text import spaced

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBER = (
    r"(?:-?(?:\d{1,3}(?:[  ]\d{3})+(?![\d.,]*\d)|\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(?:"
    + "|".join(_SMALL)
    + r")\b)"
)
_SIGN = r"(?:USD|EUR|[$€£₹])?\s?"
_MOST = (
    r"(?:(?:an?|the|its)?\s*(?:at most|(?:no|not) (?:more|greater|higher|larger) than|less than or "
    r"equal to|no later than|not exceed(?:ing)?|up to|upper (?:bound|limit|end) (?:of|is)|upper|"
    r"max(?:imum)?(?: value)?(?: of| is)?|<=|≤|is|of)\s*)?"
)
_RANGE = re.compile(
    rf"{_SIGN}(?<![\w.])({NUMBER})\s?[%°]?[\w ()]{{0,14}}?\s*(?:\]|\))?\s*,?\s*"
    rf"(?:and|to|through|until|or|–|—|-|,|\.\.\.?|≤ ?\w+ ?≤|<= ?\w+ ?<=)\s*{_MOST}{_SIGN}({NUMBER})"
)
_FOR = re.compile(r"\s*(?:inclusive(?:ly)?\s*)?(?:for|of)\s+(?:the\s+)?", re.IGNORECASE)
_NEAR = 70
"""A range at most this many characters behind a phrase belongs to it."""
_LIST = 260
"""Characters over which a list of allowed values can extend."""
WEIGHT = 0.6
"""What fitting evidence adds to a column's rating at most."""
_FRAME = frozenset(
    re.findall(
        r"\w+",
        "between must be within fall lie rang from keep kept should inclus only retain row where "
        "whose ensur that than least most no not more les equal either one other and ha have can "
        "accept valid expect allow known non miss null outsid exclud remov drop filter "
        "order sequenc predictor input train model list giv given exact select tak",
    )
)
"""Stemmed words that connect a range with a column but do not name the column."""
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an of in for to by and or as is are was with on at from this that its their which "
        "feature features column columns variable variables value values",
    )
)


def words(text: str) -> list[str]:
    """Split a phrase or a name like `SoilMoisture_pct` into stemmed lower-case words."""
    found = re.findall(r"[a-z]+|\d+", spaced(text).lower())
    return [_stem(word) for word in found if word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content(phrase: str) -> frozenset[str]:
    """Return the stemmed words of a phrase that can name a column."""
    return frozenset(words(phrase)) - _FRAME


def naming_clause(text: str) -> str:
    """Return the last clause of a text that can name a column, or an empty text."""
    clauses = re.split(r"[;:.]\s|,\s(?:and\s)?", text)
    return next((clause for clause in reversed(clauses) if content(clause)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRange:
    """A numeric range in the text, and its offsets there."""

    low: float
    high: float
    start: int
    end: int


def plain(text: str) -> str:
    """Return the text with typographic quotes and minus signs as ASCII."""
    text = text.translate(str.maketrans("“”‘’", "\"\"''"))
    return re.sub(r"(?<![\w)\]])\s?[–−](?=\d)", lambda m: m[0][:-1] + "-", text)


def find_ranges(text: str) -> list[StatedRange]:
    """Find all numeric ranges of a text."""
    found: list[StatedRange] = []
    for match in _RANGE.finditer(text):
        low, high = (_number(part) for part in match.groups())
        if low <= high:
            found.append(StatedRange(low=low, high=high, start=match.start(), end=match.end()))
    return found


def _number(text: str) -> float:
    text = text.lower()
    return float(_SMALL.index(text) if text in _SMALL else re.sub(r"[,\s]", "", text).rstrip("."))


class Evidence:
    """What a text's ranges and allowed values say about which phrase means which column."""

    def __init__(self, text: str, columns: Sequence[ColumnFacts]) -> None:
        self._text = text.lower()
        self._columns = columns

    @cached_property
    def _ranges(self) -> list[StatedRange]:
        return find_ranges(self._text)

    @cached_property
    def _clauses(self) -> list[tuple[frozenset[str], list[float]]]:
        """The words before each range or list of values, and how well it fits each column."""
        found: list[tuple[frozenset[str], list[float]]] = []
        end = 0
        for stated in self._ranges:
            after = _FOR.match(self._text, stated.end)
            name = self._text[after.end() : after.end() + 60] if after else ""
            own = content(re.split(r"[,;:.]|\band\b", name)[0])
            named = own or self._naming(end, stated.start)
            found.append((named, self._fits(stated)))
            end = stated.end
        for column in self._columns:
            first = min((_first(self._text, v) for v in column.get("stated", [])), default=-1)
            if first > 0:
                rates = [self._listed(first, c.get("stated", [])) for c in self._columns]
                found.append((self._naming(max(0, first - _NEAR), first), rates))
        return found

    def _naming(self, start: int, end: int) -> frozenset[str]:
        return content(naming_clause(self._text[max(start, end - 120) : end]))

    def _in_other_words(self, phrase: str) -> list[float]:
        """Rate every column by the clauses that say nearly the same as the phrase."""
        asked = content(phrase)
        best = [0.0] * len(self._columns)
        for named, rates in self._clauses if asked else ():
            shared = len(asked & named)
            alike = 0.7 * shared / len(asked) + 0.3 * shared / max(1, len(named))
            if alike >= 0.5:
                best = [max(b, alike * rate) for b, rate in zip(best, rates, strict=True)]
        return best

    def bonus(self, phrase: str) -> list[float]:
        """Rate every column for a phrase, in [0, WEIGHT], by what follows the phrase."""
        told = zip(self.stated(phrase), self._in_other_words(phrase), strict=True)
        return [WEIGHT * max(exact, 0.8 * alike) for exact, alike in told]

    def stated(self, phrase: str, near: int = _NEAR) -> list[float]:
        """Rate every column, in [0, 1], by the range or the values after these very words."""
        asked = re.sub(r"^(?:the|a|an)\s+", "", phrase.lower().strip(" `'\".,:;"))
        best = [0.0] * len(self._columns)
        if len(asked) < 3 or not content(asked):
            return best
        for match in re.finditer(rf"(?<!\w){re.escape(asked)}(?!\w)", self._text):
            own = self._before(match.start())
            rates = self._fits(own) if own else self._behind(match.end(), near)
            best = [max(pair) for pair in zip(best, rates, strict=True)]
        return best

    def _before(self, start: int) -> StatedRange | None:
        """Find the range of `between 1 and 5 for the phrase`."""
        ended = [r for r in self._ranges if r.end <= start]
        found = _FOR.match(self._text, ended[-1].end) if ended else None
        return ended[-1] if found and found.end() == start else None

    def _fits(self, stated: StatedRange) -> list[float]:
        """Share a rating of 1 among the columns that a range can belong to."""
        ends = [stated.low, stated.high]
        fits = [ends in column.get("ranges", []) for column in self._columns]
        return [fit / max(1, sum(fits)) for fit in fits]

    def _behind(self, end: int, near: int = _NEAR) -> list[float]:
        following = [r for r in self._ranges if end <= r.start + 1]
        near_by = bool(following) and following[0].start - end < near
        rates = self._fits(following[0]) if near_by else [0.0] * len(self._columns)
        for position, column in enumerate(self._columns):
            rates[position] = max(
                rates[position], self._listed(end, column.get("stated", []), near)
            )
        return rates

    def _listed(self, end: int, values: Sequence[str], near: int = _NEAR) -> float:
        """Return the share of a column's stated values that are listed right after a phrase."""
        first = self._text[end : end + near]
        if not any(_stands_in(first, value) for value in values):
            return 0.0
        reach = self._text[end : end + _LIST]
        return sum(_stands_in(reach, value) for value in values) / len(values)


def _first(text: str, value: str) -> int:
    found = re.search(rf"(?<!\w){re.escape(value.strip().lower())}(?!\w)", text)
    return found.start() if found else len(text)


def _stands_in(text: str, value: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(value.strip().lower())}(?!\w)", text))
