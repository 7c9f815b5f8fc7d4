"""Makes a raw table safe to write in every format: names, types, missing values, useless columns.

What is changed here is what reading the written file back would change anyway: values that look
like numbers are numbers, truth values are `yes` and `no`, dates are ISO text.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from darebench.curate.profiling.iso_times import as_text, iso_times, with_dates
from darebench.errors import CurationReject
from darebench.store.layout import ROW_ID

MAX_ROWS = 100_000
MAX_COLUMNS = 200
TELLING = 20
"""Distinct values from which on a column tells its table from other tables."""
_CALENDAR = re.compile(r"(date|time|year|quarter|month|week|weekday|day|hour|minute)s?", re.I)
MOST_MISSING = 0.6
LARGEST = 1e15
"""Largest whole number that is still exact as a float."""
LONGEST_VALUE = 120
MISSING = frozenset(
    ("", "na", "n/a", "nan", "null", "none", "?", "-", "--", ".", "<na>", "nat", "missing")
)
_TRUTHS = {"true": "yes", "false": "no"}
_INDEX_NAME = re.compile(
    r"(unnamed: \d+|rownames?|row|index|idx|no\.?|nr|obs|x|id|rowid|\W*)", re.I
)
_NUMBER = re.compile(
    r"[$€£]?\s*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?%?|[$€£]\s*-?\d+(?:\.\d+)?|-?\d+(?:\.\d+)?%"
)
_COMMA = re.compile(r"-?\d+(?:,\d+)?(?:[eE][+-]?\d+)?")


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of numbers and plain text, with unique names and without useless columns.

    Raises:
        CurationReject: Nothing is left of the table.
    """
    if frame.shape[1] == 0 or len(frame) == 0:
        raise CurationReject("the table is empty: it has no column or no row")
    if len(frame) > MAX_ROWS:
        kept = np.sort(np.random.default_rng(0).choice(len(frame), MAX_ROWS, replace=False))
        frame = frame.iloc[kept]
    names = column_names(list(frame.columns))
    columns: dict[str, pd.Series] = {}
    for position, name in enumerate(names):
        values = _plain(frame.iloc[:, position].reset_index(drop=True))
        if values is None or _is_useless(name, values):
            continue
        values.name = name
        times = iso_times(values)
        columns[name] = values if times is None else times
        if len(columns) == MAX_COLUMNS:
            break
    if not columns:
        raise CurationReject(
            f"none of the {len(names)} columns is usable: they are constant, nearly all missing, "
            "indexes, free text or nested"
        )
    frame = _without_copies(pd.DataFrame(columns)).drop_duplicates(ignore_index=True)
    return with_dates(frame)


def column_names(names: Sequence[Any]) -> list[str]:
    """Make names plain, not empty and unique, whatever their case."""
    given: set[str] = set()
    result = []
    for position, raw in enumerate(names, 1):
        text = " ".join(str(part) for part in raw) if isinstance(raw, tuple) else str(raw)
        text = "".join(c if c.isprintable() else " " for c in text).replace("`", "'")
        text = text.encode("utf-8", "replace").decode()
        name = " ".join(text.split())[:80] or f"column_{position}"
        if name.casefold() in (ROW_ID, "nan"):
            name = f"{name}_original"
        base, number = name, 2
        while name.casefold() in given:
            name, number = f"{base}_{number}", number + 1
        given.add(name.casefold())
        result.append(name)
    return result


def _plain(values: pd.Series) -> pd.Series | None:
    """Turn a column into int, float or text with NaN; None where it holds nothing usable."""
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        values = values.astype(object)
        kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return values.astype(object).map({True: "yes", False: "no"}).astype(object)
    if pd.api.types.is_datetime64_any_dtype(kind):
        return _times_as_text(values)
    if pd.api.types.is_timedelta64_dtype(kind):
        return _plain_number(values.dt.total_seconds())
    if pd.api.types.is_complex_dtype(kind):
        return None
    if pd.api.types.is_numeric_dtype(kind):
        return _plain_number(values.astype(float) if kind.kind == "f" else values)
    return _plain_text(values)


def _plain_text(values: pd.Series) -> pd.Series | None:
    known = values.dropna()
    if known.map(lambda v: isinstance(v, (dict, list, tuple, set, np.ndarray, bytes))).any():
        return None
    texts = known.map(_one_line)
    texts = texts[~texts.str.lower().isin(MISSING)]
    if texts.empty:
        return None
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.isna().any() and _has_decimal_commas(texts):
        numbers = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce")
    elif numbers.isna().any() and (numbers.notna() | texts.map(_is_number)).mean() > 0.5:
        numbers = pd.to_numeric(texts.str.replace(r"[$€£,%\s]", "", regex=True), errors="coerce")
    if numbers.notna().all():
        return _plain_number(numbers.reindex(values.index))
    if texts.str.lower().isin(_TRUTHS).all():
        texts = texts.str.lower().map(_TRUTHS)
    if texts.str.len().max() > LONGEST_VALUE:
        return None
    return texts.reindex(values.index).astype(object)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _has_decimal_commas(texts: pd.Series) -> bool:
    """Check whether commas are decimal ones: all values fit, and one cannot be grouped digits."""
    if not all(_COMMA.fullmatch(text) for text in texts):
        return False
    return any("," in text and not _is_number(text) for text in texts)


def _one_line(value: Any) -> str:
    text = value if isinstance(value, str) else _spell(value)
    text = "".join(c if c.isprintable() or c == " " else " " for c in text)
    return " ".join(text.encode("utf-8", "replace").decode().replace('"', "'").split())


def _spell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    return str(value)


def _plain_number(values: pd.Series) -> pd.Series | None:
    numbers = values.astype(object).map(_as_float).astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    if numbers.notna().sum() == 0 or numbers.abs().max() > LARGEST:
        return None
    if numbers.notna().all() and (numbers == numbers.round()).all():
        return numbers.astype(np.int64)
    return numbers


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _times_as_text(values: pd.Series) -> pd.Series:
    if values.dt.tz is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return as_text(values)


def _is_useless(name: str, values: pd.Series) -> bool:
    if values.isna().mean() > MOST_MISSING or values.nunique() < 2:
        return True
    if not _INDEX_NAME.fullmatch(name):
        return False
    if not pd.api.types.is_numeric_dtype(values):
        return values.nunique() == len(values)
    whole = (values.dropna() == values.dropna().round()).all()
    unique = values.nunique() == len(values)
    return bool(whole and (unique or (values.diff().iloc[1:] == 1).all()))


def _without_copies(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns that repeat an earlier one, value by value."""
    seen: set[bytes] = set()
    kept = []
    for name in frame.columns:
        digest = _digest(frame[name])
        if digest not in seen:
            kept.append(name)
        seen.add(digest)
    return frame[kept]


def _digest(values: pd.Series) -> bytes:
    hashes = pd.util.hash_pandas_object(values, index=False).to_numpy()
    return hashlib.blake2b(hashes.tobytes(), digest_size=16).digest()


def fingerprint_columns(frame: pd.DataFrame) -> frozenset[str]:
    """Hash each column's sorted values, so that a table is known again under other names.

    Columns of few values are left out, and times and their parts: unrelated tables share those.
    """
    prints = set()
    for name in frame.columns:
        values = frame[name].dropna()
        if values.nunique() < TELLING or _is_calendar(str(name), values):
            continue
        if pd.api.types.is_numeric_dtype(values):
            texts = [f"{v:.6g}" for v in np.sort(values.to_numpy(float))[:5000]]
        else:
            texts = sorted(values.astype(str))[:5000]
        prints.add(hashlib.blake2b(json.dumps(texts).encode(), digest_size=8).hexdigest())
    return frozenset(prints)


def _is_calendar(name: str, values: pd.Series) -> bool:
    return _CALENDAR.fullmatch(name) is not None or iso_times(values) is not None
