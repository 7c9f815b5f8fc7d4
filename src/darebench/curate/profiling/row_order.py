"""Finds that rows follow each other in time although no column says when.

The page says so ("monthly", "half-hourly", "time series", an R `ts` object) and the rows are alike
to those before them; or they are so alike that nothing but time explains it.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.curate.profiling.iso_times import DAY
from darebench.curate.records import INDEX, Column, Kind, TimeAxis

PERIOD = "period"
"""Name of the column that counts the rows of a series without times."""
ALIKE, VERY_ALIKE = 0.3, 0.8
"""Correlation of a row with the one before: of a series that the page names, and of any series."""
_SERIES = re.compile(
    r"\btime[- ]series\b(?![- ]cross)|\bclass\W{1,6}(?:ts|mts|zoo|xts|msts|tsibble)\b|"
    r"\b(?:m|ms)?ts\b object|\b(?:univariate|multivariate|multiple) (?:time )?series\b|"
    r"\b(?:half[- ]?hourly|hourly|daily|weekly|monthly|quarterly|annual|yearly)\W{1,3}"
    r"(?:\w+\W){0,3}?"
    r"(?:observations?|series|data|values|figures|records|readings|measurements|returns|prices|"
    r"averages?|totals?|means?|counts|rates?|indices|index|time)\b",
    re.I,
)
_PANEL = re.compile(r"\bpanel\b|\bcross[- ]section|\blongitudinal\b|\brepeated measures\b", re.I)
_STEPS = {"month": "MS", "quarter": "QS", "annual": "YS", "year": "YS", "week": "W", "dail": "D"}
_SPAN = re.compile(
    r"(1[5-9]\d\d|20\d\d)(?:\s*[-:/.]\s*|\s*\(\s*|\s*[qQmM]\s*)?(\d{1,2})?\)?\s*(?:to|-|–|until|through)\s*"
    r"(1[5-9]\d\d|20\d\d)(?:\s*[-:/.]\s*|\s*\(\s*|\s*[qQmM]\s*)?(\d{1,2})?"
)


class Order(NamedTuple):
    """Why rows are taken to follow each other in time, and their times where the page has them."""

    why: str
    times: pd.Series | None
    """ISO days, from the page's span where it has as many steps as there are rows."""


def find_order(frame: pd.DataFrame, columns: Sequence[Column], page: str) -> Order | None:
    """Find that the rows of a table without a time axis follow each other in time.

    Args:
        frame: A clean table, in the order of its source.
        columns: Its profile.
        page: What the source says of the table.
    """
    numeric = {c.name for c in columns if pd.api.types.is_numeric_dtype(frame[c.name])}
    numbers = [c for c in columns if c.name in numeric and c.n_distinct > 10]
    if len(frame) < 20 or not numbers:
        return None
    alike = {c.name: follows(frame[c.name]) for c in numbers}
    counter = next((c.name for c in numbers if c.whole and _counts(frame[c.name])), "")
    beside = [figure for name, figure in alike.items() if name != counter]
    if not beside:
        return None
    said = _SERIES.search(page)
    if said is not None and not _PANEL.search(page):
        most = max(beside)
        if most > max(ALIKE, 3 / len(frame) ** 0.5):
            words = " ".join(said[0].split())
            return Order(f"the page says {words!r}", _times(page, len(frame)))
    # Columns of what rows belong to are alike within it, whatever their order.
    moving = [figure for n, figure in alike.items() if n != counter and _moves(frame[n])]
    if (
        moving
        and min(np.median(moving), np.median(beside)) > VERY_ALIKE
        and (counter or not _is_sorted(frame, columns))
    ):
        return Order(f"a row is like the one before it (correlation {np.median(beside):.2f})", None)
    return None


def follows(values: pd.Series) -> float:
    """Correlate a column's ranks with those of the row before; of texts, in their order."""
    ranks = values.rank().to_numpy(float)
    a, b = ranks[:-1], ranks[1:]
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 15 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return 0.0
    return float(np.corrcoef(a[known], b[known])[0, 1])


def _moves(values: pd.Series) -> bool:
    """Check whether most values of a column differ from those before them."""
    return bool((values != values.shift()).mean() > 0.5)


def _counts(values: pd.Series) -> bool:
    """Check whether a column counts the rows: each a step after the one before."""
    steps = np.diff(values.to_numpy(float))
    return bool(len(steps) and np.isfinite(steps).all() and steps[0] != 0) and bool(
        (steps == steps[0]).mean() >= 0.95
    )


def _is_sorted(frame: pd.DataFrame, columns: Sequence[Column]) -> bool:
    """Check whether the rows are sorted, by a number or by a category, which makes them alike."""
    for column in columns:
        values = frame[column.name]
        if column.kind is Kind.NUMBER:
            steps = np.diff(values.dropna().to_numpy(float))
            steps = steps[steps != 0]
            if len(steps) and max((steps > 0).mean(), (steps < 0).mean()) >= 0.97:
                return True
        runs = int((values != values.shift()).sum())
        if 3 <= column.n_distinct <= 0.5 * len(frame) and runs <= 1.2 * column.n_distinct:
            return True
    return False


def _times(page: str, n_rows: int) -> pd.Series | None:
    """Read the times of the rows from a span such as `monthly ... 1950-2 to 1990-12`."""
    step = next((s for word, s in _STEPS.items() if re.search(rf"\b{word}", page, re.I)), None)
    if step is None:
        return None
    per_year = {"MS": 12, "QS": 4, "YS": 1}.get(step, 0)
    for first, start, last, end in _SPAN.findall(page):
        if per_year == 0 or not int(start or 1) <= per_year or not int(end or 1) <= per_year:
            continue
        begin = int(first) * per_year + int(start or 1) - 1
        close = int(last) * per_year + (int(end) if end else per_year) - 1
        if close - begin + 1 == n_rows:
            steps = begin + np.arange(n_rows)
            months = (steps % per_year) * (12 // per_year) + 1
            return pd.Series(
                [f"{y:04d}-{m:02d}-01" for y, m in zip(steps // per_year, months, strict=True)]
            )
    return None


def with_times(frame: pd.DataFrame, order: Order) -> tuple[pd.DataFrame, TimeAxis]:
    """Add the column of times that the rows have by their order: the page's, or a count."""
    name = PERIOD
    while name in frame:
        name += "_"
    is_counted = order.times is None
    values = pd.Series(np.arange(1, len(frame) + 1)) if order.times is None else order.times
    timed = frame.copy(deep=False)
    timed.insert(0, name, values.to_numpy())
    return timed, TimeAxis(
        column=name,
        format=INDEX if is_counted else DAY,
        entities=(),
        n_times=len(frame),
        regular=True,
    )
