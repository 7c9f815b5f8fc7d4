"""How the texts of a column are compared as values; the truth decides what they are.

Numbers are equal in every spelling, and so are booleans, which also equal 1 and 0; anything else
is text. An absent value is the empty string, whatever the others are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from darebench.scoring.numbers import is_number, number

NA_WORDS = frozenset(
    {
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
    }
)  # fmt: skip
"""The words that pandas' `read_csv` takes for missing by default."""
_BOOLEANS = {"true": 1, "false": 0}
_MOST_BOOLEANS = 32
"""More distinct texts than this are not spellings of two values."""

Canonical = Callable[[str], object]
"""Returns the value of a text: two texts mean the same if their values are equal."""


def comparison(texts: pa.Array) -> Canonical:
    """Choose how a column is compared, by the distinct texts that its truth has."""
    known = texts.filter(pc.call_function("not_equal", [texts, pa.scalar("")]))
    if len(known) == 0:
        return as_text
    if is_number(known).all():
        few = len(known) <= _MOST_BOOLEANS
        is_boolean = few and {number(t) for t in known.to_pylist()} <= {0, 1}
        return _number_or_boolean if is_boolean else as_number
    if len(known) <= _MOST_BOOLEANS and {t.lower() for t in known.to_pylist()} <= set(_BOOLEANS):
        return _number_or_boolean
    return as_text


def as_text(text: str) -> str:
    """Return the text itself, with accented letters in one of their two forms."""
    return unicodedata.normalize("NFC", text)


def as_number(text: str) -> object:
    """Return the number that a text spells; any other text stays text."""
    value = number(text)
    return text if value is None else value


def _number_or_boolean(text: str) -> object:
    return _BOOLEANS.get(text.lower(), as_number(text))
