"""Checks that look at one task: leaks, repeats, size, order, readability (release's known defects).

Every check is a pure function of `TaskTables` and gives the findings of one kind. `check_task`
runs them all. What concerns true values is not asked of IF tasks, whose answer is the reference.
Headroom, which fits models, is in `headroom`.
"""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportAssignmentType=false, reportGeneralTypeIssues=false, reportReturnType=false

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from darebench.audit.answers import labels_blank, solvable_without_data
from darebench.audit.findings import Finding, Severity, TaskTables
from darebench.audit.leaks import Sign, given_away
from darebench.audit.random_walk import low_signal
from darebench.scoring.instants import readable, readings
from darebench.store.layout import ROW_ID
from darebench.types import Family, Variant

SMALL_STEP = 0.01
"""How much of the score one row may decide."""
FEWEST_ROWS = 30
"""Validation rows under which a score says little; from there to 100 it is flagged."""
REPEATED_SHARE = 0.05
SHORTEST, LONGEST = 80, 20_000
"""Characters of a question that a person would still read."""


def check_task(tables: TaskTables) -> list[Finding]:
    """Run every check of one task; an empty list is a clean one."""
    checks: tuple[Callable[[TaskTables], list[Finding]], ...] = (
        target_given_away,
        rows_repeated,
        validation_size,
        time_leak,
        order_leak,
        question_readable,
        columns_described,
        labels_blank,
        low_signal,
        solvable_without_data,
    )
    return [finding for check in checks for finding in check(tables)]


class Clue(NamedTuple):
    """A feature that alone gives a target away."""

    feature: str
    target: str
    sign: Sign


def find_clues(tables: TaskTables) -> list[Clue]:
    """Find features that alone give a target: copies, unit changes, codes, group identities."""
    found = []
    is_class = tables.family is Family.CLASS
    for target in tables.targets:
        known, asked = tables.train[target], tables.truth[target]
        if is_class:
            known, asked = _numbered_classes(known, asked)
        for name in tables.features:
            sign = given_away(tables.train[name], known, tables.val[name], asked, is_class=is_class)
            if sign is not None:
                found.append(Clue(name, target, sign))
    return found


def _numbered_classes(*parts: pd.Series) -> list[pd.Series]:
    """Number classes from 0 in the order of their text."""
    codes, _ = pd.factorize(pd.concat(parts, ignore_index=True).astype(str), sort=True)
    return [pd.Series(p) for p in np.split(codes, np.cumsum([len(part) for part in parts])[:-1])]


def target_given_away(tables: TaskTables) -> list[Finding]:
    """Find features that alone give a target; an IF answer is no target's true value."""
    if tables.variant in (Variant.IF, Variant.CF):
        return []
    return [
        Finding(
            check="target_given_away",
            severity=Severity.DEFECT,
            figure=clue.sign.figure,
            message=f"feature {clue.feature!r} {clue.sign.how} target {clue.target!r}",
        )
        for clue in find_clues(tables)
    ]


def rows_repeated(tables: TaskTables) -> list[Finding]:
    """Find validation rows, answer included, that stand word for word in training."""
    if tables.variant is not Variant.MM or not tables.features:
        return []
    columns = [*tables.features, *tables.targets]
    asked = pd.concat(
        [tables.val[list(tables.features)], tables.truth[list(tables.targets)]], axis=1
    )
    known = set(_row_hashes(tables.train[columns]))
    share = float(np.mean([value in known for value in _row_hashes(asked[columns])]))
    if share == 0:
        return []
    severity = Severity.DEFECT if share > REPEATED_SHARE else Severity.NOTE
    message = f"{share:.1%} of the validation rows stand word for word in training"
    return [Finding(check="rows_repeated", severity=severity, figure=share, message=message)]


def validation_size(tables: TaskTables) -> list[Finding]:
    """Find validation sets so small that one row moves the score by more than a point."""
    if tables.variant is Variant.IF:
        return []
    n_rows = len(tables.truth)
    if n_rows == 0:
        return [_size_finding(1.0, "there is no validation row", Severity.DEFECT)]
    step = 1 / n_rows
    message = f"{n_rows} validation rows: one row moves the score by {100 * step:.1f} points"
    found = []
    if step > SMALL_STEP:
        severity = Severity.NOTE if n_rows >= FEWEST_ROWS else Severity.DEFECT
        found.append(_size_finding(step, message, severity))
    if tables.family is Family.CLASS:
        found += [f for target in tables.targets for f in _rare_class(tables.truth[target])]
    else:
        found += [f for target in tables.targets for f in _dominant_row(tables.truth[target])]
    return found


def _rare_class(truth: pd.Series) -> list[Finding]:
    """Macro-F1 gives each class the same weight, so a class of a few rows decides much."""
    counts = truth.value_counts()
    step = 1 / (len(counts) * counts.iloc[-1])
    if step <= 5 * SMALL_STEP:
        return []
    message = (
        f"class {str(counts.index[-1])[:40]!r} of {truth.name!r} has {counts.iloc[-1]} validation "
        f"rows: one of them moves macro-F1 by {100 * step:.1f} points"
    )
    return [_size_finding(float(step), message, Severity.WARNING)]


def _dominant_row(truth: pd.Series) -> list[Finding]:
    """R2 weighs squares, so one far value can decide it."""
    values = pd.to_numeric(truth, errors="coerce").to_numpy(float)
    spread = (values - np.nanmean(values)) ** 2
    total = np.nansum(spread)
    share = float(np.nanmax(spread) / total) if total > 0 else 1.0
    if share <= 0.5:
        return []
    message = f"one validation row holds {share:.0%} of the variance of {truth.name!r}"
    severity = Severity.DEFECT if share > 0.9 else Severity.WARNING
    return [_size_finding(share, message, severity)]


def _size_finding(figure: float, message: str, severity: Severity) -> Finding:
    return Finding(check="validation_size", severity=severity, figure=figure, message=message)


def time_leak(tables: TaskTables) -> list[Finding]:
    """Find training rows of a forecast that lie in the time that is asked for."""
    column = tables.time_column
    if tables.family is not Family.TS or column is None or column not in tables.val:
        return []
    instants = _instants(tables.train[column], tables.val[column], tables.time_format)
    if instants is None:
        return []
    past, asked = instants
    share = float((past >= asked.min()).mean())
    if share == 0:
        return []
    message = f"{share:.1%} of the training rows are not before the first time that is asked for"
    return [Finding(check="time_leak", severity=Severity.DEFECT, figure=share, message=message)]


def order_leak(tables: TaskTables) -> list[Finding]:
    """Find targets that follow the order of the validation rows, which a split should shuffle."""
    if tables.variant is not Variant.MM or len(tables.truth) < 20:
        return []
    found = []
    for target in tables.targets:
        values = tables.truth[target]
        codes = (
            pd.Series(pd.factorize(values, sort=True)[0])
            if tables.family is Family.CLASS
            else pd.to_numeric(values, errors="coerce").rank().reset_index(drop=True)
        )
        if codes.nunique() < 2:
            continue
        trend = _correlation(codes, pd.Series(range(len(codes))))
        runs = _correlation(codes.iloc[1:].reset_index(drop=True), codes.iloc[:-1])
        figure = max(abs(trend), abs(runs))
        if figure > 0.3 and figure * np.sqrt(len(codes)) > 5:
            message = f"target {target!r} follows the order of the rows (correlation {figure:.2f})"
            found.append(
                Finding(
                    check="order_leak", severity=Severity.DEFECT, figure=figure, message=message
                )
            )
    return found


def question_readable(tables: TaskTables) -> list[Finding]:
    """Find questions that are too short or too long, or do not name their files and targets."""
    text = tables.question
    problems = []
    if not SHORTEST <= len(text) <= LONGEST:
        problems.append((len(text), f"the question has {len(text)} characters"))
    absent = [name for name in tables.files if name not in text and name.split(".")[0] not in text]
    if absent:
        problems.append((len(absent), f"the question does not name the file {absent[0]!r}"))
    unnamed = [name for name in tables.targets if name not in text]
    if unnamed:
        problems.append((len(unnamed), f"the question does not name the target {unnamed[0]!r}"))
    return [
        Finding(check="question", severity=Severity.WARNING, figure=float(figure), message=message)
        for figure, message in problems
    ]


def columns_described(tables: TaskTables) -> list[Finding]:
    """Find columns that the metadata never mentions."""
    text = f" {_words(tables.metadata)} "
    names = [str(name) for name in tables.train.columns if name != ROW_ID]
    absent = [
        name
        for name in names
        if f" {_words(name)} " not in text and (_words(name) or name not in tables.metadata)
    ]
    if not absent:
        return []
    share = len(absent) / len(names)
    severity = Severity.WARNING if share > 0.5 else Severity.NOTE
    message = (
        f"{len(absent)} of {len(names)} columns are not in the metadata (first: {absent[0]!r})"
    )
    return [Finding(check="columns", severity=severity, figure=share, message=message)]


def _words(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _row_hashes(frame: pd.DataFrame) -> list[int]:
    """Hash rows by their values as text, so that 1 and 1.0 are the same."""
    texts = pd.DataFrame(
        {
            position: (
                frame.iloc[:, position].astype(float)
                if pd.api.types.is_numeric_dtype(frame.iloc[:, position])
                else frame.iloc[:, position].astype(str)
            )
            for position in range(frame.shape[1])
        }
    )
    return pd.util.hash_pandas_object(texts, index=False).tolist()


def _instants(
    past: pd.Series, asked: pd.Series, hint: str | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Read both columns in the same way; None where they are not times."""
    if all(pd.api.types.is_numeric_dtype(x) for x in (past, asked)):
        return past.to_numpy(float), asked.to_numpy(float)
    texts = pd.concat([past, asked]).astype(str).str.strip()
    codes, distinct = pd.factorize(texts)
    reading = next(iter(readings(pa.array(distinct, pa.string()), hint)), None)
    if reading is None or readable(reading.wall).mean() < 0.9:
        return None
    instants = (reading.wall if reading.utc is None else reading.utc)[codes]
    return instants[: len(past)], instants[len(past) :]


def _correlation(a: pd.Series, b: pd.Series) -> float:
    value = a.corr(b.reset_index(drop=True))
    return 0.0 if pd.isna(value) else float(value)
