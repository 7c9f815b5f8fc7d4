"""Row keys compared as values: whole numbers, instants, text.

The truth decides how a key column is compared. Each of its rows gets a code; a predicted row gets
the code of the asked-for row with the same key, or -1 where none was asked for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.scoring import numbers
from darebench.scoring.instants import Reading, readable, readings

Codes = NDArray[np.int64]
ABSENT = -1


def integer_codes(true: Codes, given: Codes) -> Codes:
    """Find each given whole number's position in `true`, whose values are unique."""
    first, n = true[0], len(true)
    if true[-1] - first == n - 1 and np.array_equal(true, np.arange(first, first + n)):
        return np.where((given >= first) & (given <= true[-1]), given - first, ABSENT)
    order = np.argsort(true, kind="stable")
    place = np.clip(np.searchsorted(true, given, sorter=order), 0, len(true) - 1)
    found = order[place]
    return np.where(true[found] == given, found, ABSENT)


def column_codes(
    true: pa.Array, given: pa.Array, *, is_time: bool, hint: str | None
) -> Iterator[tuple[Codes, Codes]]:
    """Code a key column of truth and prediction alike, in every plausible way, likeliest first.

    Equal codes mean equal keys; ABSENT marks a given value that the truth does not have.
    """
    true_texts, true_index = _distinct(true)
    given_texts, given_index = _distinct(given)
    ways = [_as_text(true_texts, given_texts)]
    if _are_numbers(true_texts):
        ways = [_as_numbers(true_texts, given_texts)]
    if is_time or not _are_numbers(true_texts):
        ways += _as_instants(true_texts, given_texts, hint, certain=is_time)
    for true_codes, given_codes in ways:
        yield true_codes[true_index], given_codes[given_index]


def _distinct(texts: pa.Array) -> tuple[list[str], Codes]:
    encoded = texts.dictionary_encode()
    index = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), index


def _are_numbers(texts: Sequence[str]) -> bool:
    """Tell whether all values are numbers that stay as distinct as their spellings."""
    values = [numbers.number(text) for text in texts]
    return None not in values and len(set(values)) == len(texts)


def _as_numbers(true: Sequence[str], given: Sequence[str]) -> tuple[Codes, Codes]:
    return _by_value(true, given, numbers.number)


def _as_text(true: Sequence[str], given: Sequence[str]) -> tuple[Codes, Codes]:
    return _by_value(true, given, lambda text: unicodedata.normalize("NFC", text))


def _by_value(
    true: Sequence[str], given: Sequence[str], canonical: Callable[[str], object]
) -> tuple[Codes, Codes]:
    codes: dict[object, int] = {}
    true_codes = [codes.setdefault(canonical(text), len(codes)) for text in true]
    given_codes = [codes.get(canonical(text), ABSENT) for text in given]
    return np.array(true_codes, dtype=np.int64), np.array(given_codes, dtype=np.int64)


def _as_instants(
    true: Sequence[str], given: Sequence[str], hint: str | None, *, certain: bool
) -> Iterator[tuple[Codes, Codes]]:
    """Pair the readings of both sides that can mean the same.

    The truth's reading must cover all its values; a column not known to be a time is only read
    in the truth's first such reading.
    """
    whole = [r for r in readings(true, hint) if readable(r.wall).all()]
    for true_reading in whole if certain else whole[:1]:
        for given_reading in readings(given, hint):
            yield from _pairs(true_reading, given_reading)


def _pairs(true: Reading, given: Reading) -> Iterator[tuple[Codes, Codes]]:
    if true.utc is not None and given.utc is not None:
        yield _instant_codes(true.utc, given.utc)
    yield _instant_codes(true.wall, given.wall)
    if true.utc is not None and given.utc is None:
        yield _instant_codes(true.utc, given.wall)


def _instant_codes(true: Codes, given: Codes) -> tuple[Codes, Codes]:
    distinct, true_codes = np.unique(true, return_inverse=True)
    given_codes = integer_codes(distinct, given)
    return true_codes.astype(np.int64), given_codes
