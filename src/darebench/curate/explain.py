"""Reports how a table is read and what is decided about it, as plain values; makes no task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from darebench.curate.designing.as_told import design_as_told
from darebench.curate.designing.given_away import find_given_away
from darebench.curate.designing.naturalness import THRESHOLD, Judged, Judgement, judge
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.as_told import AS_TOLD
from darebench.curate.profiling.evidence import Became, ColumnReading, Tidy
from darebench.curate.profiling.profile import MIN_TIMES
from darebench.curate.reading.evidence import Reading
from darebench.curate.records import Column, Kind, Profile, Table
from darebench.errors import CurationReject

_ROLES = {Kind.KEY: "key", Kind.TEXT: "text", Kind.TIME: "date"}


def explain(table: Table, tidy: Tidy) -> dict[str, Any]:
    """Explain a profiled table: its file, columns, time, groups and candidate targets."""
    profile = table.profile
    return {
        "rows": profile.n_rows,
        **explain_reading(table.raw.reading),
        "notes": list(table.raw.notes),
        "columns": _columns(table, tidy),
        "time": _time(table),
        "groups": {"columns": list(profile.groups), "why": _why_groups(table)},
        "targets": _targets(table),
        "told": table.raw.told.as_dict(),
    }


def explain_reading(reading: Reading | None) -> dict[str, Any]:
    """Explain how a file was read; empty for what a package holds."""
    if reading is None:
        return {}
    header = reading.header
    return {
        "file": reading.container,
        "encoding": asdict(reading.encoding) if reading.encoding else None,
        "dialect": asdict(reading.dialect) if reading.dialect else None,
        "header": {"row": None if header.row is None else header.row + 1, "why": header.why}
        if header
        else None,
        "left_out": [asdict(left) for left in reading.left_out],
    }


def _columns(table: Table, tidy: Tidy) -> list[dict[str, Any]]:
    found = {column.name: column for column in table.profile.columns}
    read = {reading.name: reading for reading in tidy.columns}
    names = [*read, *(name for name in found if name not in read)]
    return [_column(name, found.get(name), read.get(name), table) for name in names]


def _column(
    name: str, column: Column | None, reading: ColumnReading | None, table: Table
) -> dict[str, Any]:
    role = "left out" if column is None else _role(column, table.profile)
    if reading is None:
        why = "made of other columns"
    elif column is None and reading.became is not Became.LEFT_OUT:
        why = "it repeats another column, or others say the same"
    elif reading.became in (Became.NUMBERS, Became.TIMES):
        why = f"{reading.became}: {reading.why}"
    else:
        why = reading.why
    if name in table.raw.told.columns and column is not None:
        why = AS_TOLD
    row: dict[str, Any] = {"name": name, "role": role, "why": why}
    if column is not None:
        row |= {
            "kind": str(column.kind),
            "distinct": column.n_distinct,
            "missing": round(column.missing, 4),
        }
    if reading is not None and reading.blanked:
        row |= {"blanked": reading.blanked, "examples": list(reading.examples)}
    if reading is not None and reading.not_understood:
        row["not_understood"] = reading.not_understood
        row["help"] = f"if it is a time, write it as 2020-12-31, or say --type '{name}=time'"
    said = table.describe(name)
    return {**row, "description": said} if said else row


def _role(column: Column, profile: Profile) -> str:
    axis = profile.time
    if axis is not None and column.name == axis.column:
        return "time"
    if axis is not None and column.name in axis.entities:
        return "series"
    if column.name in profile.groups:
        return "group"
    return _ROLES.get(column.kind, "feature")


def _time(table: Table) -> dict[str, Any]:
    axis = table.profile.time
    if axis is None:
        return {"column": None, "why": _why_no_time(table.profile)}
    beside = f" of each {' and '.join(axis.entities)}" if axis.entities else ""
    steps = "alike" if axis.regular else "of several lengths"
    why = f"{axis.n_times} times{beside}, steps {steps}"
    if axis.interval:
        why = f"rows recur in time or have no beat, and are joined by {axis.interval}{beside}"
    if table.raw.told.time:
        why = f"{AS_TOLD}; {why}"
    return {
        "column": axis.column,
        "series": list(axis.entities),
        "interval": axis.interval or None,
        "why": why,
    }


def _why_no_time(profile: Profile) -> str:
    said = []
    for column in profile.columns:
        if not column.time_format:
            continue
        if column.missing:
            said.append(f"{column.name} lacks {column.missing:.0%} of its cells")
        elif column.n_distinct < MIN_TIMES:
            said.append(f"{column.name} has {column.n_distinct} times; {MIN_TIMES} are needed")
        else:
            said.append(f"times of {column.name} recur, and no column tells series apart")
    return "; ".join(said) or "no column holds times"


def _why_groups(table: Table) -> str:
    profile = table.profile
    if table.raw.told.group:
        return AS_TOLD
    if profile.time is not None and profile.groups and profile.groups == profile.time.entities:
        return "they tell the series apart"
    if profile.groups:
        return "it names what has several rows each; none is in training and validation"
    return "no column names what has several rows each"


def _targets(table: Table) -> list[dict[str, Any]]:
    """List the columns that are tried as targets, in this order, then the others with reasons."""
    judgement = judge(table)
    try:
        designs, refused = design_as_told(RulesDesigner(), table), ""
    except CurationReject as error:
        designs, refused = [], str(error)
    told = bool(table.raw.told.target)
    rows = []
    for design in designs:
        judged = judgement.columns[design.target]
        why = "as told" if told else f"{judged.score:g} points; {THRESHOLD:g} are needed"
        if judged.why_weaker and not told:
            why += f"; only if the better ones fail: {judged.why_weaker}"
        row = {"name": design.target, "family": str(design.family), "taken": True, "why": why}
        rows.append({**row, **_judged(judged), **_not_features(table, judgement, design.target)})
    taken = {design.target for design in designs}
    return rows + [
        {"name": one.name, "taken": False, **_why_not(one, table, refused), **_judged(one)}
        for one in judgement.ranked
        if one.name not in taken
    ]


def _judged(judged: Judged) -> dict[str, Any]:
    """Return a column's role as a target, and its score with its parts."""
    return {
        "role": str(judged.role.role),
        "role_why": judged.role.why,
        "score": judged.score,
        "parts": dict(judged.parts),
    }


def _not_features(table: Table, judgement: Judgement, target: str) -> dict[str, Any]:
    """Return the columns that are not features of a target, as the page shows, with the reasons."""
    given = find_given_away(table, judgement, target)
    return {"not_features": {name: found.why for name, found in given.items()}} if given else {}


def _why_not(judged: Judged, table: Table, refused: str) -> dict[str, str]:
    column = judged.column
    named = f"--target '{column.name}' takes it all the same"
    role = _role(column, table.profile)
    if role in ("time", "series", "group"):
        return {"why": f"its role is {role}"}
    if table.raw.told.target:
        return {"why": "other targets are named"}
    if judged.why_not and column.kind in _ROLES:
        return {
            "why": judged.why_not,
            "help": f"--type '{column.name}=category' or =number, if it is one",
        }
    if judged.why_not:
        return {"why": judged.why_not, "help": named}
    if not judged.is_natural:
        return {"why": f"{judged.score:g} points; {THRESHOLD:g} are needed", "help": named}
    return {"why": refused or "too little is left beside it to predict it from", "help": named}


def starting_point(explained: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was found in the words of `dataset.toml`, for a user to change."""
    columns: Sequence[Mapping[str, Any]] = explained["columns"]
    named = {c["name"] for c in columns if c["why"] != "made of other columns"}
    time = explained["time"]["column"]
    targets = dict.fromkeys(row["name"] for row in explained["targets"] if row["taken"])
    groups = list(explained["groups"]["columns"])
    header = explained.get("header") or {}
    sheet = str(explained.get("file", "")).partition(", sheet ")[2].strip("'\"")
    found = {
        "sheet": sheet,
        "header_row": header.get("row") if header.get("row", 1) != 1 else None,
        "target": [name for name in targets if name in named],
        "time": time if time in named else "",
        "group": [name for name in groups if name in named],
        "id": [c["name"] for c in columns if c["role"] == "key" and c["name"] in named],
        "type": {
            c["name"]: c["kind"]
            for c in columns
            if c["role"] == "feature" and c["name"] in named and c["name"] != time
        },
    }
    return {key: value for key, value in found.items() if value not in ("", None, [], {})}
