"""Pairs predicted rows with asked-for rows: every key exactly once, other rows ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.errors import TaskFormatError
from darebench.scoring import numbers
from darebench.scoring.keys import ABSENT, column_codes, instant_codes, integer_codes, n_distinct
from darebench.scoring.parse import Texts, Unusable, parse
from darebench.types import ReasonCode, Truth

MAX_WAYS = 64
"""Combinations of key readings that are tried; one is the rule, more than four are never seen."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A parsed truth."""

    truth: Truth
    texts: Texts
    integer_key: Codes | None
    """The row ids, where the key is one column of distinct whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Which predicted row answers which asked-for row."""

    rows: Codes
    """(n_asked,): position of the predicted row for each asked-for row."""
    matched: int
    """Asked-for keys that the prediction has at least once."""
    plain: bool
    """The release's join would pair the same rows: keys are whole numbers or spelled alike, and
    there are no other rows."""


def parse_answer(truth: Truth) -> Answer:
    """Parse the truth's csv.

    Raises:
        TaskFormatError: it cannot be used, or asks for one key twice.
    """
    try:
        texts = parse(truth.csv, (*truth.keys, *truth.targets))
    except Unusable as error:
        raise TaskFormatError(f"{truth.task}: its answer file: {error}") from None
    absent = [name for name in (*truth.keys, *truth.targets) if name not in texts.columns]
    if absent:
        raise TaskFormatError(f"{truth.task}: its answer file lacks column {absent[0]!r}")
    ids = numbers.as_integers(texts.columns[truth.keys[0]]) if len(truth.keys) == 1 else None
    if ids is not None and (truth.time_column or not _distinct(ids)):
        ids = None
    return Answer(truth=truth, texts=texts, integer_key=ids)


def _distinct(ids: Codes) -> bool:
    ordered = np.sort(ids)
    return not np.any(ordered[1:] == ordered[:-1])


def align(answer: Answer, given: Texts) -> Alignment:
    """Find the predicted row of every asked-for row.

    Raises:
        Unusable: a key column is missing, or an asked-for row stands there twice or not at all.
    """
    for name in answer.truth.keys:
        if name not in given.columns:
            raise Unusable(
                ReasonCode.MISSING_COLUMN,
                f"the key column {name!r} is missing; the header is {_listed(given.header)}",
            )
    n_asked = answer.texts.n_rows
    if answer.integer_key is not None:
        ids = numbers.as_integers(given.columns[answer.truth.keys[0]])
        if ids is not None:
            plain = len(ids) == n_asked
            return _settle(answer, integer_codes(answer.integer_key, ids), plain=plain)
    best: tuple[Codes, Codes] | None = None
    most = -1
    for asked, codes in _ways(answer, given):
        found = _n_found(asked, codes)
        if found > most and n_distinct(asked) == n_asked:
            best, most = (asked, codes), found
        if found == n_asked:
            break
    if best is None:
        raise TaskFormatError(f"{answer.truth.task}: its answer file asks for one key twice")
    asked, codes = best
    alignment = _settle(answer, integer_codes(asked, codes), plain=False)
    if given.n_rows > n_asked and answer.truth.time_column:
        _refuse_same_instants(answer, given)
    return replace(alignment, plain=_same_texts(answer, given, alignment))


def _ways(answer: Answer, given: Texts) -> Iterator[tuple[Codes, Codes]]:
    """Code all key columns together, in every plausible combination of their readings."""
    per_column = [_codes_of(answer, given, name) for name in answer.truth.keys]
    likeliest = tuple(map(next, per_column))
    yield _combine(likeliest)
    # The other readings cost more and are seldom needed: they are made only now.
    choices = product(*([first, *rest] for first, rest in zip(likeliest, per_column, strict=True)))
    yield from map(_combine, islice(choices, 1, MAX_WAYS))


def _codes_of(answer: Answer, given: Texts, name: str) -> Iterator[tuple[Codes, Codes]]:
    is_time = name == answer.truth.time_column
    return column_codes(
        answer.texts.columns[name],
        given.columns[name],
        is_time=is_time,
        hint=answer.truth.time_format if is_time else None,
    )


def _refuse_same_instants(answer: Answer, given: Texts) -> None:
    """Refuse a further row for an asked-for instant, although it is spelled in another way.

    Raises:
        Misaligned: there is one.
    """
    time, columns = answer.truth.time_column, answer.texts.columns
    choice = []
    for name in answer.truth.keys:
        ways = _codes_of(answer, given, name)
        if name == time:
            ways = instant_codes(columns[name], given.columns[name], answer.truth.time_format)
        choice.append(next(ways, None))
    if None in choice:
        return
    asked, codes = _combine(tuple(choice))
    if n_distinct(asked) == answer.texts.n_rows == _n_found(asked, codes):
        _settle(answer, integer_codes(asked, codes), plain=False)


def _n_found(asked: Codes, codes: Codes) -> int:
    """Count the asked-for rows that the prediction has."""
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


def _settle(answer: Answer, found: Codes, *, plain: bool) -> Alignment:
    """Check that every asked-for row was found exactly once."""
    n_asked = answer.texts.n_rows
    hits = np.flatnonzero(found != ABSENT)
    counts = np.bincount(found[hits], minlength=n_asked)
    matched = int((counts > 0).sum())
    twice = np.flatnonzero(counts > 1)
    if len(twice):
        key = _key_text(answer, int(twice[0]))
        raise _misaligned(
            ReasonCode.DUPLICATE_KEY,
            f"{_rows(len(twice))} there more than once (first: {key}, {counts[twice[0]]} times); "
            "write one row per val row",
            matched,
        )
    missing = np.flatnonzero(counts == 0)
    if len(missing):
        key = _key_text(answer, int(missing[0]))
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
    """Rows are missing or doubled; remembers how many matched."""

    matched: int = 0


def _misaligned(code: ReasonCode, message: str, matched: int) -> Misaligned:
    error = Misaligned(code, message)
    error.matched = matched
    return error


def _key_text(answer: Answer, row: int) -> str:
    return ", ".join(
        f"{name}={answer.texts.columns[name][row].as_py()!r}" for name in answer.truth.keys
    )


def _same_texts(answer: Answer, given: Texts, alignment: Alignment) -> bool:
    if given.n_rows != answer.texts.n_rows:
        return False
    return all(
        take(given.columns[name], alignment).equals(answer.texts.columns[name])
        for name in answer.truth.keys
    )


def _listed(header: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name[:40]) for name in header[:8])
    return shown if len(header) <= 8 else f"{shown} and {len(header) - 8} more"


def take(texts: pa.Array, alignment: Alignment) -> pa.Array:
    """Order a predicted column as the asked-for rows are."""
    return texts.take(pa.array(alignment.rows))
