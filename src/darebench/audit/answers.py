"""Checks of a task's answer: does a perfect one score 1, and can it be had without the data?"""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportReturnType=false

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity, TaskTables
from darebench.scoring import score_prediction
from darebench.scoring.strict import strict_scores
from darebench.types import Family, Truth, Variant

SPELLED_SHARE = 0.5
"""Of the true values, from which on a text gives them away."""
MIN_VALUES = 20
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def labels_blank(tables: TaskTables) -> list[Finding]:
    """Find true values that are missing: nothing can be right for them."""
    if tables.variant is Variant.IF:
        return []
    found = []
    for target in tables.targets:
        values = tables.truth[target]
        if tables.family is not Family.CLASS:
            values = pd.to_numeric(values, errors="coerce").replace([np.inf, -np.inf], np.nan)
        share = float(values.isna().mean())
        if share:
            message = f"{share:.1%} of the true values of {target!r} are blank or no numbers"
            found.append(_defect("labels_blank", share, message))
    return found


def perfect_answer(truth: Truth) -> list[Finding]:
    """Find tasks in which the true values themselves do not score 1."""
    score = score_prediction(truth.csv, truth)
    if score.score == 1.0:
        return []
    why = score.reason.message if score.reason else f"they score {score.score:.3f}"
    return [_defect("perfect_answer", score.score, f"the true values do not score 1: {why}")]


def strict_join(truth: Truth) -> list[Finding]:
    """Find forecasts whose perfect answer the release's rule loses once its dates are parsed."""
    column = truth.time_column
    if column is None:
        return []
    rows = pd.read_csv(io.BytesIO(truth.csv))
    times = _parsed(rows[column], truth.time_format)
    if times is None:
        return []
    written = rows.assign(**{column: times}).to_csv(index=False).encode()
    strict = strict_scores(written, truth)
    if strict is not None and min(strict.values()) > 0.999:
        return []
    spelling = str(rows[column].iloc[0])
    figure = 0.0 if strict is None else float(np.mean(list(strict.values())))
    result = "crashes on" if strict is None else f"gives {figure:.2f} to"
    message = (
        f"times are spelled like {spelling[:40]!r}: the release's rule {result} a perfect forecast "
        "whose dates were parsed and written back"
    )
    return [Finding(check="strict_join", severity=Severity.WARNING, figure=figure, message=message)]


def _parsed(values: pd.Series, hint: str | None) -> pd.Series | None:
    """Parse times as a reader would; None where they are numbers that nobody would parse."""
    if pd.api.types.is_numeric_dtype(values):
        if not hint or hint == "%Y":
            return None
        values = values.astype(str)
    for how in ({"format": hint} if hint else {"format": "mixed"}, {"format": "mixed"}):
        times = pd.to_datetime(values, errors="coerce", **how)
        if times.notna().all():
            return times
    return None


def solvable_without_data(tables: TaskTables) -> list[Finding]:
    """Find answers that stand in what can be read without the files: question and metadata."""
    if tables.variant is Variant.IF:
        return []
    text = f"{tables.question}\n{tables.metadata}"
    spelled = {_spell(token) for token in _NUMBER.findall(text)}
    found = []
    for target in tables.targets:
        values = tables.truth[target].dropna()
        if tables.family is Family.CLASS or values.nunique() < MIN_VALUES:
            continue
        numbers = pd.to_numeric(values, errors="coerce").dropna()
        # Small whole numbers stand in any text.
        telling = numbers[(numbers != numbers.round()) | (numbers.abs() >= 1000)]
        if len(telling) < MIN_VALUES:
            continue
        share = float(np.mean([_spell(value) in spelled for value in telling]))
        if share > SPELLED_SHARE:
            message = f"{share:.0%} of the true values of {target!r} stand in question or metadata"
            found.append(_defect("solvable_without_data", share, message))
    share = _rows_told(tables)
    if share > SPELLED_SHARE:
        message = f"{share:.0%} of the validation rows stand in question or metadata"
        found.append(_defect("solvable_without_data", share, message))
    return found


def _rows_told(tables: TaskTables) -> float:
    """Give the share of validation rows that one line of the texts holds, answer included."""
    names = list(tables.features[:6])
    if tables.family is not Family.CLASS or len(names) < 2:
        return 0.0
    lines = f"{tables.question}\n{tables.metadata}".splitlines()
    told = {frozenset(re.split(r"[,;|\t ]+", line.strip())) for line in lines}
    told = {cells for cells in told if len(cells) > 3}
    if not told:
        return 0.0
    rows = pd.concat([tables.val[names], tables.truth[list(tables.targets)]], axis=1).astype(str)
    sample = rows.iloc[:200]
    hits = [any(set(row) <= cells for cells in told) for row in sample.itertuples(index=False)]
    return float(np.mean(hits)) if hits else 0.0


def _spell(value: object) -> str:
    return f"{float(str(value)):.6g}"


def _defect(check: str, figure: float, message: str) -> Finding:
    return Finding(check=check, severity=Severity.DEFECT, figure=figure, message=message)
