"""Weigh the evidence: what a target is among the columns of its table, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from darebench.audit.frames import is_numeric
from darebench.audit.naturalness import words
from darebench.audit.naturalness.evidence import FEW_LEFT, Candidate, collect
from darebench.audit.naturalness.page import read_page
from darebench.audit.naturalness.parts import is_part
from darebench.audit.task_tables import TaskTables
from darebench.types import Family


class Verdict(StrEnum):
    """What a target is among the columns of its table."""

    NATURAL = "natural"
    """What the table was made to tell."""
    SENSIBLE = "sensible"
    """Not the table's purpose, but a question that somebody would ask."""
    COVARIATE = "covariate"
    """One of many things that were noted down beside the others."""
    CODE = "code"
    """A name, a code or a place, of a row or of an entity."""
    DESIGN = "design"
    """Set by whoever collected the data: treatment, dose, block."""
    DEMOGRAPHIC = "demographic"
    """Who somebody is: age, sex, schooling."""
    PART = "part"
    """A part of a total."""
    CALENDAR = "calendar"
    """When something was."""

    @property
    def is_wanted(self) -> bool:
        """Whether somebody would ask for such a target."""
        return self in (Verdict.NATURAL, Verdict.SENSIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its reason."""

    target: str
    verdict: Verdict
    reason: str
    """A phrase without a full stop."""
    points: float
    """What speaks for the target less what speaks against it."""


WEIGHTS: Mapping[str, float] = {
    "outcome by name": 1.0,
    "outcome by description": 1.5,
    "in the title": 0.5,
    "named by the title": 0.5,
    "asked for by the text": 0.5,
    "a yes or no": 1.0,
    "a number": 0.5,
    "a series": 1.0,
    FEW_LEFT: 1.0,
    "measured earlier": -1.0,
    "a transformation": -1.0,
    "of somebody else": -1.0,
    "one of many alike": -1.0,
    "an indicator": -0.5,
    "a property of the context": -0.5,
}
"""Points of each kind of evidence: a logistic regression on half of the gold tables, in halves of
a point. What the half has too few columns to weigh is set by hand."""
LEAST = 1.0
"""Points from which on the best column of a table is wanted."""
ENOUGH, BEHIND = 2.0, 2.0
"""Points from which on any column is wanted, if it is not further behind the best one."""
NATURAL = 2.5
"""Points from which on a wanted target is a natural one, if no column has more."""
_ROLES = {
    Verdict.CODE: "it names or places a row or an entity",
    Verdict.CALENDAR: "it says when something was",
    Verdict.PART: "it is a part of a total of other columns",
    Verdict.DESIGN: "it was set by whoever collected the data",
    Verdict.DEMOGRAPHIC: "it says who somebody is",
}


def judge_targets(tables: TaskTables) -> tuple[Judgement, ...]:
    """Judge the targets of a task by its metadata and its tables, one judgement for each."""
    keys = {tables.time_column, *tables.entities}
    names = [*(name for name in tables.features if name not in keys), *tables.targets]
    return judge_columns(
        tables.train[names],
        tables.metadata,
        tables.targets,
        is_series=tables.family is Family.TS,
    )


def judge_columns(
    frame: pd.DataFrame, metadata: str, targets: Sequence[str], *, is_series: bool = False
) -> tuple[Judgement, ...]:
    """Judge columns of a table as targets of a task, beside all of its columns.

    Args:
        frame: The table, without keys that mean nothing.
        metadata: The text that describes it.
        targets: The columns to judge.
        is_series: Whether the task would be to forecast.
    """
    names = [str(name) for name in frame.columns]
    page = read_page(metadata, names)
    candidates = [
        Candidate(
            name=name,
            others=[other for other in names if other != name],
            page=page,
            n_distinct=int(frame[name].nunique()),
            is_number=is_numeric(frame[name]),
            is_series=is_series,
        )
        for name in names
    ]
    parts = {name for name in targets if is_part(frame, name)}
    return judge_candidates(candidates, targets, parts)


def judge_candidates(
    candidates: Sequence[Candidate], targets: Sequence[str], parts: Collection[str] = ()
) -> tuple[Judgement, ...]:
    """Judge some of a table's columns as targets.

    Args:
        candidates: All columns of the table.
        targets: Names of the columns to judge.
        parts: Names of those that are parts of a total.
    """
    roles = {c.name: _find_role(c) for c in candidates}
    n_left = sum(role is None for role in roles.values())
    evidence = {c.name: collect(c, n_left) for c in candidates}
    points = {name: sum(WEIGHTS[kind] for kind in found) for name, found in evidence.items()}
    best = max((points[name] for name, role in roles.items() if role is None), default=0.0)
    return tuple(
        _verdict(
            name,
            roles[name] or (Verdict.PART if name in parts else None),
            evidence[name],
            points[name],
            best,
        )
        for name in targets
    )


def _verdict(
    name: str, role: Verdict | None, evidence: Sequence[str], points: float, best: float
) -> Judgement:
    if role is not None:
        return Judgement(target=name, verdict=role, reason=_ROLES[role], points=points)
    for_it = [kind for kind in evidence if WEIGHTS[kind] > 0]
    against = [kind for kind in evidence if WEIGHTS[kind] < 0]
    if (points >= best and points >= LEAST) or points >= max(ENOUGH, best - BEHIND):
        is_first = points >= max(NATURAL, best)
        verdict = Verdict.NATURAL if is_first else Verdict.SENSIBLE
        reason = ", ".join(for_it)
    else:
        verdict = Verdict.COVARIATE
        reason = ", ".join(against) if against else "nothing says that it was measured to be told"
    return Judgement(target=name, verdict=verdict, reason=reason, points=points)


def _find_role(candidate: Candidate) -> Verdict | None:
    """Return what the column is apart from being measured; None if nothing says so."""
    names, text = candidate.words, candidate.text
    whole, last = "".join(names), names[-1] if names else ""
    if not candidate.is_series and words.CODE_TEXT.search(text):
        return Verdict.CODE
    if last in words.CODE_NAMES or whole in words.PLACE_NAMES or names[:1] in (("id",), ("index",)):
        return Verdict.CODE
    if not words.DURATION_TEXT.search(text) and (
        whole in words.CALENDAR_NAMES
        or (last in words.CALENDAR_NAMES and not text and last != "time")
        or words.CALENDAR_TEXT.search(text)
    ):
        return Verdict.CALENDAR
    if {whole, last} & words.DESIGN_NAMES or words.DESIGN_TEXT.search(text):
        return Verdict.DESIGN
    if {whole, last} & words.DEMOGRAPHIC_NAMES or words.DEMOGRAPHIC_TEXT.search(text):
        return Verdict.DEMOGRAPHIC
    return None
