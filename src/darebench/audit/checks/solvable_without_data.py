"""Answers that can be had without opening a file."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import numeric
from darebench.audit.reference_run import ReferenceRun
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

STATED_SHARE = 0.5
"""Share of the true values from which on a text gives them away."""
MIN_VALUES = 20
"""Distinct true values under which a text can hold them by chance."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def answers_stated(tables: TaskTables) -> list[Finding]:
    """Find answers that can be read without the files: in the question or the metadata."""
    stated = {_spell(token) for token in _NUMBER.findall(_texts(tables))}
    shares = {
        f"of the true values of {target!r}": _share_stated(tables.truth[target], stated)
        for target in tables.targets
        if tables.family is not Family.CLASS
    }
    shares["of the validation rows"] = _rows_stated(tables)
    return [
        _finding(share, f"{share:.0%} {what} stand in question or metadata")
        for what, share in shares.items()
        if share > STATED_SHARE
    ]


def reference_constant(run: ReferenceRun) -> list[Finding]:
    """Find references that are the same for every row, so that a guess can be right."""
    if run.answer is None:
        return []
    rows = list(csv.reader(io.StringIO(run.answer.decode("utf-8"))))
    if len({tuple(row[1:]) for row in rows[1:]}) >= 2:
        return []
    return [_finding(1.0, "the reference is the same for every row, so a constant is right")]


def _texts(tables: TaskTables) -> str:
    return f"{tables.question}\n{tables.metadata}"


def _share_stated(truth: pd.Series, stated: set[str]) -> float:
    """Return the share of a target's telling true values that the texts spell out."""
    values = truth.dropna()
    if values.nunique() < MIN_VALUES:
        return 0.0
    known = numeric(values).dropna()
    # Small whole numbers occur in any text.
    telling = known[(known != known.round()) | (known.abs() >= 1000)]
    if len(telling) < MIN_VALUES:
        return 0.0
    return float(np.mean([_spell(value) in stated for value in telling]))


def _rows_stated(tables: TaskTables) -> float:
    """Return the share of validation rows that one line of the texts holds, answer included."""
    names = list(tables.features[:6])
    if tables.family is not Family.CLASS or len(names) < 2:
        return 0.0
    lines = _texts(tables).splitlines()
    lines_split = {frozenset(re.split(r"[,;|\t ]+", line.strip())) for line in lines}
    lines_split = {values for values in lines_split if len(values) > 3}
    if not lines_split:
        return 0.0
    rows = pd.concat([tables.val[names], tables.truth[list(tables.targets)]], axis=1).astype(str)
    sample = rows.iloc[:200]
    hits = [
        any(set(row) <= values for values in lines_split) for row in sample.itertuples(index=False)
    ]
    return float(np.mean(hits)) if hits else 0.0


def _spell(value: object) -> str:
    return f"{float(str(value)):.6g}"


def _finding(figure: float, message: str) -> Finding:
    return Finding(
        check="solvable_without_data", severity=Severity.DEFECT, figure=figure, message=message
    )
