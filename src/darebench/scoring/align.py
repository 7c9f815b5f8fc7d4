"""Pair predicted rows with the rows asked for: every key exactly once, other rows ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.errors import TaskFormatError
from darebench.scoring.csv_text import Texts, Unusable, parse
from darebench.scoring.keys import ABSENT, column_codes, instant_codes, integer_codes, n_distinct
from darebench.scoring.numbers import as_integers
from darebench.types import ReasonCode, Truth

MAX_WAYS = 64
"""Combinations of key readings that are tried; one is the rule, more than four are never seen."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTruth:
    """A truth with its answer file parsed."""

    truth: Truth
    texts: Texts
    integer_key: Codes | None
    """The row ids, where the key is one column of distinct whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Which predicted row answers which of the rows asked for."""

    rows: Codes
    """Position of the predicted row for each row asked for, shape (n_asked,)."""
    matched: int
    """How many of the keys asked for the prediction has at least once."""
    plain: bool
    """Whether the release's join would pair the same rows: keys are whole numbers or spelled alike,
    and no other rows are given."""


def parse_truth(truth: Truth) -> ParsedTruth:
    """Parse the csv of a truth.

    Raises:
        TaskFormatError: It cannot be parsed, or lacks a key or target column.
    """
    try:
        texts = parse(truth.csv, (*truth.keys, *truth.targets))
    except Unusable as error:
        raise TaskFormatError(f"{truth.task}: its answer file: {error}") from None
    absent = [name for name in (*truth.keys, *truth.targets) if name not in texts.columns]
    if absent:
        raise TaskFormatError(f"{truth.task}: its answer file lacks column {absent[0]!r}")
    ids = as_integers(texts.columns[truth.keys[0]]) if len(truth.keys) == 1 else None
    if ids is not None and (truth.time_column or not _distinct(ids)):
        ids = None
    return ParsedTruth(truth=truth, texts=texts, integer_key=ids)


def _distinct(ids: Codes) -> bool:
    ordered = np.sort(ids)
    return not np.any(ordered[1:] == ordered[:-1])


def align(parsed: ParsedTruth, given: Texts) -> Alignment:
    """Find the predicted row of every row asked for.

    Raises:
        Unusable: A key column is missing, or a row asked for is given twice or not at all.
        TaskFormatError: The truth itself asks for one key twice.
    """
    for name in parsed.truth.keys:
        if name not in given.columns:
            raise Unusable(
                ReasonCode.MISSING_COLUMN,
                f"the key column {name!r} is missing; the header is {_listed(given.header)}",
            )
    n_asked = parsed.texts.n_rows
    if parsed.integer_key is not None:
        ids = as_integers(given.columns[parsed.truth.keys[0]])
        if ids is not None:
            plain = len(ids) == n_asked
            return _settle(parsed, integer_codes(parsed.integer_key, ids), plain=plain)
    best: tuple[Codes, Codes] | None = None
    most = -1
    for asked, codes in _ways(parsed, given):
        found = _n_found(asked, codes)
        if found > most and n_distinct(asked) == n_asked:
            best, most = (asked, codes), found
        if found == n_asked:
            break
    if best is None:
        raise TaskFormatError(f"{parsed.truth.task}: its answer file asks for one key twice")
    asked, codes = best
    alignment = _settle(parsed, integer_codes(asked, codes), plain=False)
    if given.n_rows > n_asked and parsed.truth.time_column:
        _refuse_same_instants(parsed, given)
    return replace(alignment, plain=_same_texts(parsed, given, alignment))


def _ways(parsed: ParsedTruth, given: Texts) -> Iterator[tuple[Codes, Codes]]:
    """Yield codes of all key columns together, in every plausible combination of readings."""
    per_column = [_codes_of(parsed, given, name) for name in parsed.truth.keys]
    likeliest = tuple(map(next, per_column))
    yield _combine(likeliest)
    # The other readings cost more and are seldom needed: they are made only now.
    choices = product(*([first, *rest] for first, rest in zip(likeliest, per_column, strict=True)))
    yield from map(_combine, islice(choices, 1, MAX_WAYS))


def _codes_of(parsed: ParsedTruth, given: Texts, name: str) -> Iterator[tuple[Codes, Codes]]:
    is_time = name == parsed.truth.time_column
    return column_codes(
        parsed.texts.columns[name],
        given.columns[name],
        is_time=is_time,
        hint=parsed.truth.time_format if is_time else None,
    )


def _refuse_same_instants(parsed: ParsedTruth, given: Texts) -> None:
    """Raise if an instant asked for is given again in another spelling.

    Raises:
        Misaligned: Two predicted rows mean one instant.
    """
    time, columns = parsed.truth.time_column, parsed.texts.columns
    choice = []
    for name in parsed.truth.keys:
        ways = _codes_of(parsed, given, name)
        if name == time:
            ways = instant_codes(columns[name], given.columns[name], parsed.truth.time_format)
        choice.append(next(ways, None))
    if None in choice:
        return
    asked, codes = _combine(tuple(choice))
    if n_distinct(asked) == parsed.texts.n_rows == _n_found(asked, codes):
        _settle(parsed, integer_codes(asked, codes), plain=False)


def _n_found(asked: Codes, codes: Codes) -> int:
    """Count the rows asked for that the prediction has."""
    there = np.zeros(int(asked.max()) + 1, dtype=bool)
    there[codes[codes != ABSENT]] = True
    return int(np.count_nonzero(there[asked]))


def _combine(choice: tuple[tuple[Codes, Codes], ...]) -> tuple[Codes, Codes]:
    asked, codes = choice[0]
    for next_asked, next_codes in choice[1:]:
        size = int(next_asked.max()) + 1
        absent = (codes == ABSENT) | (next_codes == ABSENT)
        asked = asked * size + next_asked
        distinct, asked = np.unique(asked, return_inverse=True)
        combined = np.where(absent, ABSENT, codes * size + next_codes)
        codes = integer_codes(distinct, combined)
    return asked, codes


def _settle(parsed: ParsedTruth, found: Codes, *, plain: bool) -> Alignment:
    """Return the alignment, if every row asked for was found exactly once."""
    n_asked = parsed.texts.n_rows
    hits = np.flatnonzero(found != ABSENT)
    counts = np.bincount(found[hits], minlength=n_asked)
    matched = int((counts > 0).sum())
    twice = np.flatnonzero(counts > 1)
    if len(twice):
        key = key_text(parsed, int(twice[0]))
        raise _misaligned(
            ReasonCode.DUPLICATE_KEY,
            f"{_rows(len(twice))} there more than once (first: {key}, {counts[twice[0]]} times); "
            "write one row per val row",
            matched,
        )
    missing = np.flatnonzero(counts == 0)
    if len(missing):
        key = key_text(parsed, int(missing[0]))
        raise _misaligned(
            ReasonCode.MISSING_ROWS,
            f"{len(missing)} of {n_asked} asked-for rows are missing (first: {key}); "
            "write one row per val row, with the keys as the val file has them",
            matched,
        )
    rows = np.empty(n_asked, dtype=np.int64)
    rows[found[hits]] = hits
    return Alignment(rows=rows, matched=matched, plain=plain)


def _rows(n: int) -> str:
    return "1 asked-for row stands" if n == 1 else f"{n} asked-for rows stand"


class Misaligned(Unusable):
    """Rows are missing, or given twice."""

    matched: int = 0
    """How many of the keys asked for the prediction has."""


def _misaligned(code: ReasonCode, message: str, matched: int) -> Misaligned:
    error = Misaligned(code, message)
    error.matched = matched
    return error


def key_text(parsed: ParsedTruth, row: int) -> str:
    """Return the key of a row asked for as messages name it; `row` counts from 0."""
    return ", ".join(
        f"{name}={parsed.texts.columns[name][row].as_py()!r}" for name in parsed.truth.keys
    )


def _same_texts(parsed: ParsedTruth, given: Texts, alignment: Alignment) -> bool:
    if given.n_rows != parsed.texts.n_rows:
        return False
    return all(
        take(given.columns[name], alignment).equals(parsed.texts.columns[name])
        for name in parsed.truth.keys
    )


def _listed(header: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name[:40]) for name in header[:8])
    return shown if len(header) <= 8 else f"{shown} and {len(header) - 8} more"


def take(texts: pa.Array, alignment: Alignment) -> pa.Array:
    """Return a predicted column in the order of the rows asked for."""
    return texts.take(pa.array(alignment.rows))
