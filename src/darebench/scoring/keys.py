"""Row keys compared as values: numbers, booleans, instants, or text.

The truth decides how a key column is compared. Each of its rows gets a code; a predicted row gets
the code of the row asked for with the same key, or -1 where no row with that key was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from darebench.scoring.instants import Reading, readable, readings
from darebench.scoring.numbers import as_integers, is_number
from darebench.scoring.values import NA_WORDS, Canonical, as_number, as_text, comparison

Codes = NDArray[np.int64]
ABSENT = -1


def integer_codes(true: Codes, given: Codes) -> Codes:
    """Return the position of each given number in `true`, which is unique; else ABSENT."""
    first, n = true[0], len(true)
    if true[-1] - first == n - 1 and np.array_equal(true, np.arange(first, first + n)):
        return np.where((given >= first) & (given <= true[-1]), given - first, ABSENT)
    order = np.argsort(true, kind="stable")
    place = np.clip(np.searchsorted(true, given, sorter=order), 0, len(true) - 1)
    found = order[place]
    return np.where(true[found] == given, found, ABSENT)


def n_distinct(codes: Codes) -> int:
    """Return the number of distinct codes, which are small and not ABSENT."""
    return int(np.count_nonzero(np.bincount(codes)))


def column_codes(
    true: pa.Array, given: pa.Array, *, is_time: bool, hint: str | None
) -> Iterator[tuple[Codes, Codes]]:
    """Yield codes of a key column of truth and prediction in every plausible way, likeliest first.

    Equal codes mean equal keys; ABSENT marks a given value that the truth does not have.

    Args:
        true: The truth's column as text, shape (n_asked,).
        given: The prediction's, shape (n_given,).
        is_time: Whether the column is known to hold timestamps.
        hint: The strptime format to try first.
    """
    asked, asked_index = _distinct(true)
    found, found_index = _distinct(given)
    for asked_codes, found_codes in _ways(asked, found, is_time=is_time, hint=hint):
        yield asked_codes[asked_index], found_codes[found_index]


def instant_codes(
    true: pa.Array, given: pa.Array, hint: str | None
) -> Iterator[tuple[Codes, Codes]]:
    """Yield codes of a column of times, in every way to read it as instants, likeliest first."""
    asked, asked_index = _distinct(true)
    found, found_index = _distinct(given)
    for asked_codes, found_codes in _as_instants(asked, found, hint, certain=True):
        yield asked_codes[asked_index], found_codes[found_index]


def _distinct(texts: pa.Array) -> tuple[pa.Array, Codes]:
    encoded = texts.dictionary_encode()
    index = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary, index


def _ways(
    asked: pa.Array, given: pa.Array, *, is_time: bool, hint: str | None
) -> Iterator[tuple[Codes, Codes]]:
    canonical = comparison(asked)
    codes = _as_text(asked, given) if canonical is as_text else _as_values(asked, given, canonical)
    if n_distinct(codes[0]) < len(asked):  # 1 and 01 are two keys here
        canonical, codes = as_text, _as_text(asked, given)
    yield codes
    if is_time or canonical is as_text:
        yield from _as_instants(asked, given, hint, certain=is_time)
    words = NA_WORDS.intersection(asked.to_pylist())
    if len(words) == 1:  # a program that read the word as missing writes nothing for it
        word = next(iter(words))
        yield _by_value(asked, given, lambda text: canonical(text or word))


def _as_text(true: pa.Array, given: pa.Array) -> tuple[Codes, Codes]:
    both = [_composed(texts) for texts in (true, given)]
    known = both[0].unique()
    codes = [pc.call_function("index_in", [t], pc.SetLookupOptions(known)) for t in both]
    asked, found = (c.fill_null(ABSENT).to_numpy(zero_copy_only=False) for c in codes)
    return asked.astype(np.int64), found.astype(np.int64)


def _composed(texts: pa.Array) -> pa.Array:
    if pc.call_function("all", [pc.call_function("string_is_ascii", [texts])]).as_py():
        return texts
    return pc.call_function("utf8_normalize", [texts], pc.Utf8NormalizeOptions("NFC"))


def _as_values(true: pa.Array, given: pa.Array, canonical: Canonical) -> tuple[Codes, Codes]:
    whole = as_integers(true) if canonical is as_number else None
    spelled = is_number(given)
    found = as_integers(given.filter(pa.array(spelled)))
    if whole is None or found is None:
        return _by_value(true, given, canonical)
    true_codes, found_codes = _number_codes(whole, found)
    given_codes = np.full(len(given), ABSENT)
    given_codes[spelled] = found_codes
    return true_codes, given_codes


def _by_value(true: pa.Array, given: pa.Array, canonical: Canonical) -> tuple[Codes, Codes]:
    codes: dict[object, int] = {}
    true_codes = [codes.setdefault(canonical(text), len(codes)) for text in true.to_pylist()]
    given_codes = [codes.get(canonical(text), ABSENT) for text in given.to_pylist()]
    return np.array(true_codes, dtype=np.int64), np.array(given_codes, dtype=np.int64)


def _as_instants(
    true: pa.Array, given: pa.Array, hint: str | None, *, certain: bool
) -> Iterator[tuple[Codes, Codes]]:
    """Yield codes for the readings of both sides that can mean the same.

    The truth's reading must cover all its values; a column not known to be a time is only read
    in the truth's first such reading.
    """
    seen: list[Reading] = []
    whole = (r for r in readings(true, hint) if readable(r.wall).all())
    for number, true_reading in enumerate(whole):
        if number and not certain:
            return
        for given_reading in seen if number else readings(given, hint):
            if not number:
                seen.append(given_reading)
            yield from _pairs(true_reading, given_reading)


def _pairs(true: Reading, given: Reading) -> Iterator[tuple[Codes, Codes]]:
    if true.utc is not None and given.utc is not None:
        yield _number_codes(true.utc, given.utc)
    yield _number_codes(true.wall, given.wall)
    if true.utc is not None and given.utc is None:
        yield _number_codes(true.utc, given.wall)


def _number_codes(true: Codes, given: Codes) -> tuple[Codes, Codes]:
    distinct, true_codes = np.unique(true, return_inverse=True)
    given_codes = integer_codes(distinct, given)
    return true_codes.astype(np.int64), given_codes
