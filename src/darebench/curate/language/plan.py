"""What a model says of a table, checked: the form by pydantic, the content against the columns."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from darebench.curate.designing.given_away import find_given_away
from darebench.curate.designing.naturalness import MAX_CLASSES, Judgement, judge
from darebench.curate.designing.rules import MOST_NUMBERS, is_series, without_given_away
from darebench.curate.profiling.resample import AGGREGATIONS, INTERVALS
from darebench.curate.records import Column, Design, Kind, Table
from darebench.curate.writing.domains import DOMAINS, OTHER
from darebench.types import Family

FAMILIES = {
    "classification": Family.CLASS,
    "regression": Family.REG,
    "forecasting": Family.TS,
}


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TimePlan(_Answer):
    """How a table is a set of time series."""

    column: str
    format: str = Field(description="in strptime's letters, as %Y-%m-%d")
    entities: list[str] = []
    interval: str | None = None
    aggregation: str | None = None


class TaskPlan(_Answer):
    """One family's tasks."""

    family: Literal["classification", "regression", "forecasting"]
    targets: list[str] = Field(min_length=1, max_length=3)
    features: list[str]
    time: TimePlan | None = None


class Plan(_Answer):
    """A model's whole answer."""

    suitable: bool
    reason: str = ""
    domain: str = OTHER
    column_types: dict[str, Literal["numerical", "categorical", "timestamp", "other"]] = {}
    tasks: list[TaskPlan] = Field(default=[], max_length=3)


def find_problems(plan: Plan, table: Table) -> list[str]:
    """List what of a plan does not fit the table."""
    if not plan.suitable:
        return [] if plan.reason.strip() else ["reason: say why the table is not suitable"]
    found = [] if plan.tasks else ["tasks: name at least one, or set suitable to false"]
    if plan.domain not in (*DOMAINS, OTHER):
        found.append(f"domain: {plan.domain!r} is none of {', '.join((*DOMAINS, OTHER))}")
    known = {column.name: column for column in table.profile.columns}
    for name, kind in plan.column_types.items():
        if name not in known:
            found.append(f"column_types: there is no column {name!r}")
        elif kind == "numerical" and known[name].kind not in (Kind.NUMBER, Kind.KEY):
            found.append(f"column_types: {name!r} holds text, so it is not numerical")
    for number, task in enumerate(plan.tasks):
        where = f"tasks.{number}"
        found += [f"{where}: {problem}" for problem in _task_problems(task, known, table)]
    return found


def to_designs(plan: Plan, table: Table) -> list[Design]:
    """Turn a plan without problems into designs, one for each target."""
    grouping = set(table.profile.groups)
    categorical = {n for n, kind in plan.column_types.items() if kind == "categorical"}
    designs = []
    judgement = judge(table)
    for task in plan.tasks:
        keys = {task.time.column, *task.time.entities} if task.time else grouping
        wanted = set(task.features) - keys - set(task.targets)
        able = [c for c in table.profile.columns if c.name in wanted]
        least = 1 if task.time else 2
        for target in task.targets:
            used = without_given_away(table, target, able, judgement, least=least)
            features = tuple(c.name for c in used)
            designs.append(
                Design(
                    family=FAMILIES[task.family],
                    target=target,
                    features=features,
                    groups=() if task.time else table.profile.groups,
                    domain=plan.domain,
                    categorical=tuple(n for n in features if n in categorical),
                    time_column=task.time.column if task.time else "",
                    time_format=task.time.format if task.time else "",
                    entities=tuple(task.time.entities) if task.time else (),
                    interval=(task.time.interval or "") if task.time else "",
                    aggregation=(task.time.aggregation or "mean") if task.time else "mean",
                )
            )
    return designs


def _task_problems(task: TaskPlan, known: dict[str, Column], table: Table) -> Iterator[str]:
    named = [*task.targets, *task.features, *((task.time.entities) if task.time else [])]
    absent = [name for name in dict.fromkeys(named) if name not in known]
    if absent:
        yield f"there is no column {absent[0]!r}; the columns are {', '.join(known)[:400]}"
        return
    both = sorted(set(task.targets) & set(task.features))
    if both:
        yield f"{both[0]!r} is a target and a feature; a target cannot be a feature"
    keys = {task.time.column, *task.time.entities} if task.time else set(table.profile.groups)
    least = 1 if task.family == "forecasting" else 2
    if len(set(task.features) - keys - set(task.targets)) < least:
        yield f"{least} features are needed beside keys, times and targets"
    judgement = judge(table)
    for name in task.targets:
        yield from _target_problems(task.family, known[name])
        if judgement.columns[name].why_not:
            yield f"{name!r} is not a target: {judgement.columns[name].why_not}"
        if task.family != "forecasting" and is_series(table, known[name]):
            yield f"the rows of {name!r} follow each other in time: forecast it, or leave it"
    yield from _unfit_features(task, judgement, table)
    if task.family == "forecasting":
        yield from _time_problems(task, known, table)
    elif task.time is not None:
        yield f"time belongs to forecasting, not to {task.family}"


def _unfit_features(task: TaskPlan, judgement: Judgement, table: Table) -> Iterator[str]:
    """Yield that too little is left without the features that give a target away."""
    least = 0 if task.family == "forecasting" else 2
    for target in task.targets:
        given = find_given_away(table, judgement, target)
        sure = [n for n in task.features if n in given and given[n].is_sure]
        if sure and len({*task.features} - {*sure} - {*table.profile.groups}) < least:
            yield f"{sure[0]!r} gives {target!r} away ({given[sure[0]].why}); name other features"


def _target_problems(family: str, column: Column) -> Iterator[str]:
    number = column.kind in (Kind.NUMBER, Kind.KEY) and column.low is not None
    if family == "classification":
        if column.n_distinct > MAX_CLASSES or (number and not column.whole):
            yield f"{column.name!r} has {column.n_distinct} values; that is not a class"
    elif not number:
        yield f"{column.name!r} is not a number, so {family} cannot predict it"
    elif family == "regression" and column.n_distinct <= MOST_NUMBERS:
        yield f"{column.name!r} has only {column.n_distinct} values; that is a class"


def _time_problems(task: TaskPlan, known: dict[str, Column], table: Table) -> Iterator[str]:
    time = task.time
    if time is None:
        yield "forecasting needs time: its column, format and entities"
        return
    if time.column not in known:
        yield f"there is no column {time.column!r} to hold the time"
        return
    if (time.interval is None) != (time.aggregation is None):
        yield "interval and aggregation belong together; give both or none"
    if time.interval is not None and time.interval not in INTERVALS:
        yield f"interval {time.interval!r} is none of {', '.join(INTERVALS)}"
    if time.aggregation is not None and time.aggregation not in AGGREGATIONS:
        yield f"aggregation {time.aggregation!r} is none of {', '.join(AGGREGATIONS)}"
    values = table.frame[time.column]
    if pd.api.types.is_numeric_dtype(values):
        if known[time.column].time_format != time.format or time.interval is not None:
            yield f"{time.column!r} holds numbers; only years are read, as %Y, without interval"
            return
    elif values.isna().any() or not _parses(values, time.format):
        yield f"the values of {time.column!r} are not all of the format {time.format!r}"
        return
    keys = [time.column, *time.entities]
    if time.interval is None and table.frame.duplicated(keys).any():
        yield f"rows repeat in {', '.join(keys)}; name more entities, or an interval to join them"


def _parses(values: pd.Series, time_format: str) -> bool:
    try:
        times = pd.to_datetime(values.drop_duplicates(), format=time_format, errors="coerce")
    except ValueError:  # not a format at all
        return False
    return bool(times.notna().all())
