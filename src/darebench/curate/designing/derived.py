"""Finds columns that are made of others: formulas and thresholds that descriptions state, twins.

Descriptions say "log(wage)", "avgben/avgsal", "= 1 if bwt < 2500" or "tbilrate - infl"; values
show copies in another unit, on another scale, or under other labels; and totals of several columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.curate.designing.wording import core
from darebench.curate.records import Column, Kind, Table

MOST_ROWS, MOST_TOTAL_ROWS = 2_000, 500
MOST_COLUMNS, MOST_PARTS = 60, 40
ALIKE = 0.9995
"""Rank correlation from which on two columns of numbers are one."""
LEAST_VALUES = 3
_OPERATOR = r"[-+*/^<>=≤≥|]"
_FUNCTIONS = (
    "log|ln|log10|sqrt|exp|square root of|square of|logarithm of|sum of|mean of|average of|"
    "ratio of|difference of|change in|lag of|version of"
)
_MADE = "generated|computed|calculated|derived|recoded|created"
_SCALED = re.compile(r"^(?:l|ln|log|log10|lg|sqrt|sq|r|c|d|cum|std|z|n)[_.]?$", re.I)
_SUFFIXES = re.compile(
    r"^(?:sq|2|_sq|_2|\^2|sqr|squared|_?log|_?ln|_?cat|_?grp|_?group|_?f|_?fac\w*|_?num\w*|"
    r"_?code|_?abb\w*|_?bin\w*|_?id|_?label|_?name|_?pc|_?percent|_?pct|_?rate|_?std|_?z|_?rec|"
    r"r|_?\d?)$",
    re.I,
)
_LOG = re.compile(r"^(?:the )?(?:natural )?(?:log(?:arithm|ged)?|ln|square|sqrt|squared)\b", re.I)


class Derived(NamedTuple):
    """That a column is made of others."""

    name: str
    of: tuple[str, ...]
    why: str


class Relations(NamedTuple):
    """How columns are made of each other."""

    derived: dict[str, Derived]
    """Column -> what it is made of."""
    twins: dict[str, dict[str, str]]
    """Column -> its twins, each with the reason; both ways."""
    parts: dict[str, tuple[str, ...]]
    """Total -> its parts."""
    logs: dict[str, str]
    """Column -> what it is the logarithm, the square or the root of, by its name."""

    def raw_of(self, name: str) -> str | None:
        """Return the column that one is the logarithm, the square or the root of."""
        own = self.derived.get(name)
        if own is not None and len(own.of) == 1 and _LOG.search(own.why.partition("'")[2]):
            return own.of[0]
        return self.logs.get(name)

    def related(self, name: str) -> dict[str, str]:
        """Return all columns that one is made of, is a part of, or equals, with the reason."""
        found = dict(self.twins.get(name, {}))
        own = self.derived.get(name)
        if own is not None:
            found |= dict.fromkeys(own.of, own.why)
        for other in self.derived.values():
            if name in other.of:
                found[other.name] = other.why
        for total, parts in self.parts.items():
            if name == total:
                found |= dict.fromkeys(parts, f"they sum to {total}")
            elif name in parts:
                found |= dict.fromkeys({total, *parts} - {name}, f"parts sum to {total}")
        found.pop(name, None)
        return found


def find_relations(table: Table) -> Relations:
    """Find what is derived, what is twins, and what are parts of totals."""
    columns = table.profile.columns
    derived = _from_descriptions(table)
    frame = table.frame.iloc[:: max(1, len(table.frame) // MOST_ROWS)]
    twins = _alike(frame, columns)
    paired = _by_names(columns, frame)
    logs = {name: other for name, other in paired if name.lower() in _transforms(other)}
    for name, other in paired:
        twins.setdefault(name, {})[other] = f"its name makes it one with {other}"
        twins.setdefault(other, {})[name] = f"its name makes it one with {name}"
    return Relations(derived, twins, _totals(frame, columns), logs)


def _transforms(name: str) -> set[str]:
    """List the names that a logarithm, a square or a root of a column would have."""
    signs = ("l", "ln", "log", "log10", "sqrt")
    heads = {f"{sign}{joint}{name}" for sign in signs for joint in ("", "_", ".")}
    return {text.lower() for text in (*heads, f"{name}sq", f"{name}2", f"{name}_log", f"{name}^2")}


def _from_descriptions(table: Table) -> dict[str, Derived]:
    """Find the columns whose description computes them from others."""
    names = [c.name for c in table.profile.columns]
    spelled = re.compile(r"[A-Za-z_][\w.]*")
    found = {}
    for name in names:
        said = table.describe(name)
        tokens = {token.strip(".") for token in spelled.findall(said)}
        of = [n for n in names if n in tokens and n != name and _computes(said, n)]
        if of and len(of) <= 20:
            found[name] = Derived(
                name, tuple(of), f"its description computes it: {core(said)[:60]!r}"
            )
    return found


def _computes(said: str, other: str) -> bool:
    """Check whether a description computes something of a column, by an operator or a function."""
    if len(other) < 2 and not re.search(rf"\b(?:log|ln|sqrt)\(\s*{re.escape(other)}\s*\)", said):
        return False
    name = rf"(?<![\w.]){re.escape(other)}(?![\w.])"
    return bool(
        re.search(rf"\b(?:{_FUNCTIONS})\(?\s*`?{name}", said, re.I)
        or re.search(rf"{name}\s*(?:\[[^\]]*\])?\s*{_OPERATOR}+\s*\w", said)
        or re.search(rf"[\w)]\s*{_OPERATOR}+\s*\(?{name}", said)
        or re.search(rf"(?:{_MADE}) (?:from|using|by|as) .{{0,40}}?{name}", said)
    )


def _by_names(columns: Sequence[Column], frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Pair a column with another whose name is the same but for a sign of a scale."""
    spelled = {c.name.lower(): c.name for c in columns}
    found = []
    for name in spelled.values():
        lower = name.lower()
        for cut in range(1, len(lower)):
            head, tail = lower[:cut], lower[cut:]
            ahead = spelled.get(tail) if len(tail) >= 2 and _SCALED.fullmatch(head) else None
            behind = spelled.get(head) if len(head) >= 2 and _SUFFIXES.fullmatch(tail) else None
            for other in (ahead, behind):
                if other is None or other == name:
                    continue
                is_change = head in ("c", "d", "l") and len(tail) >= 4 and other == ahead
                if is_change or _determined(frame[name], frame[other]):
                    found.append((name, other))
    return found


def _determined(a: pd.Series, b: pd.Series) -> bool:
    """Check whether either column is a function of the other, but for few rows."""
    known = a.notna() & b.notna()
    if known.sum() < 10:
        return False
    a, b = a[known], b[known]
    for of, by in ((a, b), (b, a)):
        groups = of.groupby(by.to_numpy(), sort=False)
        if groups.ngroups <= 0.7 * len(of) and of.nunique() >= 2:
            right = groups.agg(lambda values: int(values.value_counts().iloc[0])).sum()
            usual = int(of.value_counts().iloc[0])
            if right >= 0.99 * len(of) and usual < 0.95 * len(of):
                return True
    numbers = pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b)
    return bool(numbers and abs(a.rank().corr(b.rank())) > 0.98)


def _alike(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, dict[str, str]]:
    """Find columns of the same order, and categories of the same rows under other labels."""
    found: dict[str, dict[str, str]] = {}

    def pair(a: str, b: str, why: str) -> None:
        found.setdefault(a, {})[b] = f"{why} {b}"
        found.setdefault(b, {})[a] = f"{why} {a}"

    numbers = [c.name for c in columns if c.low is not None and c.n_distinct > LEAST_VALUES]
    numbers = numbers[:MOST_COLUMNS]
    alike = frame[numbers].rank().corr(min_periods=20).abs().to_numpy()
    for i, j in zip(*np.nonzero(np.triu(alike > ALIKE, 1)), strict=True):
        pair(numbers[i], numbers[j], "its rows have the same order as those of")
    able = [c for c in columns if 2 <= c.n_distinct <= 60 and c.missing < 1][:MOST_COLUMNS]
    codes = {c.name: pd.factorize(frame[c.name])[0] for c in able}
    for number, a in enumerate(able):
        for b in able[number + 1 :]:
            if a.n_distinct == b.n_distinct and _one_to_one(codes[a.name], codes[b.name]):
                pair(a.name, b.name, "its values stand one to one for those of")
    return found


def _one_to_one(a: np.ndarray, b: np.ndarray) -> bool:
    known = (a >= 0) & (b >= 0)
    if known.sum() < 10:
        return False
    a, b = a[known].astype(np.int64), b[known].astype(np.int64)
    n_a, n_b = len(np.unique(a)), len(np.unique(b))
    return n_a == n_b >= 2 and len(np.unique(a * (b.max() + 1) + b)) == n_a


def _totals(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """Find columns of numbers that are the plain sum of others."""
    numbers = [c.name for c in columns if c.kind is Kind.NUMBER and c.n_distinct > LEAST_VALUES]
    numbers = [name for name in numbers if frame[name].notna().mean() > 0.5][:MOST_PARTS]
    rows = frame[numbers].dropna().to_numpy(float)[:MOST_TOTAL_ROWS]
    if len(rows) < 2 * len(numbers) or len(numbers) < 3:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for i, name in enumerate(numbers):
        x, y = np.delete(rows, i, axis=1), rows[:, i]
        weights, *_ = np.linalg.lstsq(x, y, rcond=None)
        near = np.abs(weights - np.round(weights)) < 0.02
        ones = np.round(weights) == 1
        if not (near.all() and ones.sum() >= 2 and (np.round(weights)[~ones] == 0).all()):
            continue
        rest = y - x[:, ones].sum(axis=1)
        if np.abs(rest).max() <= 0.02 * max(float(np.std(y)), 1e-12):
            names = [n for j, n in enumerate(numbers) if j != i]
            found[name] = tuple(n for n, one in zip(names, ones, strict=True) if one)
    return found
