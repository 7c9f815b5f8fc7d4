"""Reads JSON in the shapes that tables have in it.

Known are one object a line, lists of objects or of lists, all of pandas' orients, and any of these
under a key such as `data`, `rows` or `result`, also with the columns' names elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from darebench.curate.reading.evidence import Header, Reading, ReadTable
from darebench.curate.reading.header import FIRST_ROWS, find_header
from darebench.curate.reading.sample import CHUNK, sample, unique
from darebench.errors import CurationReject

_DEEPEST = 4
_LABEL = re.compile(r"-?\d+|\d{4}-\d{2}-\d{2}.*")


class _Found(NamedTuple):
    """Rows, and where they were."""

    frame: pd.DataFrame
    where: str
    header: Header | None = None


def read_json(path: Path) -> ReadTable:
    """Read a JSON file.

    Raises:
        CurationReject: It holds no table, or is not JSON.
    """
    if _is_lines(path):
        frame, remarks = sample(_line_chunks(path))
        return ReadTable(frame=frame, reading=Reading(container="json lines", remarks=remarks))
    with path.open(encoding=_encoding(path), errors="replace") as stream:
        try:
            value = json.load(stream)
        except json.JSONDecodeError as error:
            raise CurationReject(
                f"{path.name} line {error.lineno} is not JSON: {error.msg}"
            ) from None
    found = _find(value, "")
    if found is None:
        raise CurationReject(
            f"{path.name} holds {str(value)[:40]!r} and not a table; "
            "write a list of objects, one for each row"
        )
    frame, remarks = sample([found.frame])
    container = f"json, {found.where}" if found.where else "json"
    reading = Reading(container=container, header=found.header, remarks=remarks)
    return ReadTable(frame=frame, reading=reading)


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _is_lines(path: Path) -> bool:
    """Check whether the first line is a whole value and another one follows."""
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return True
    with path.open(encoding=_encoding(path), errors="replace") as stream:
        lines = (line for line in stream if line.strip())
        first, second = next(lines, ""), next(lines, "")
    if not second.strip():
        return False
    try:
        return isinstance(json.loads(first), (dict, list))
    except (json.JSONDecodeError, RecursionError):
        return False


def _line_chunks(path: Path) -> Iterator[pd.DataFrame]:
    rows: list[dict[str, Any]] = []
    names: list[str] | None = None
    with path.open(encoding=_encoding(path), errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except json.JSONDecodeError as error:
                raise CurationReject(
                    f"{path.name} line {number} is not JSON: {error.msg}"
                ) from None
            if isinstance(value, list) and names is None and _are_names(value):
                names = unique(value)
                continue
            if isinstance(value, list) and value and not isinstance(value[0], (dict, list)):
                value = dict(zip(names or _numbered(len(value)), value, strict=False))
            if not isinstance(value, dict):
                raise CurationReject(
                    f"{path.name} holds {str(value)[:40]!r} where an object is due"
                )
            rows.append(value)
            if len(rows) == CHUNK:
                yield pd.json_normalize(rows, max_level=1)
                rows = []
    if rows:
        yield pd.json_normalize(rows, max_level=1)


def _are_names(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, str) and value for value in values)


def _numbered(n: int) -> list[str]:
    return [f"column_{number}" for number in range(1, n + 1)]


def _find(value: Any, where: str, depth: int = 0) -> _Found | None:
    """Find the table in a value: itself, or the largest one below it."""
    if isinstance(value, list):
        return _of_list(value, where)
    if not isinstance(value, dict) or not value:
        return None
    found = _of_split(value, where) or _of_columns(value, where)
    if found is None and depth < _DEEPEST:
        below = [
            one
            for key, inner in value.items()
            if isinstance(inner, (dict, list))
            and (one := _find(inner, f"rows under {key!r}", depth + 1)) is not None
        ]
        found = max(below, key=lambda one: one.frame.size, default=None)
    return found


def _of_list(value: Sequence[Any], where: str) -> _Found | None:
    """Read a list of objects, or of lists with the names first or without names."""
    if value and all(isinstance(row, dict) for row in value):
        return _Found(pd.json_normalize(list(value), max_level=1), where)
    if not value or not all(isinstance(row, list) and row for row in value):
        return None
    rows = [["" if v is None else v if isinstance(v, str) else repr(v) for v in r] for r in value]
    header = find_header(rows[:FIRST_ROWS])
    names = unique([name or f"column_{i}" for i, name in enumerate(header.names, 1)])
    body = [row for row in value[header.first :] if len(row) == len(names)]
    return _Found(pd.DataFrame(body, columns=pd.Index(names)), where, header)


def _of_split(value: Mapping[str, Any], where: str) -> _Found | None:
    """Read rows whose names stand beside them: pandas' `split`, and pages of open data."""
    rows = next(
        (value[key] for key in ("data", "rows", "values") if isinstance(value.get(key), list)), None
    )
    names = _names_beside(value)
    if not rows or not names or not all(isinstance(row, list) for row in rows):
        return None
    if any(len(row) != len(names) for row in rows):
        return None
    frame = pd.DataFrame(rows, columns=pd.Index(unique(names)))
    return _Found(_labelled(frame, value.get("index")), where or "names beside rows")


def _names_beside(value: Mapping[str, Any]) -> list[str]:
    for key in ("columns", "fields", "header", "headers", "names", "column_names"):
        listed = value.get(key)
        if isinstance(listed, list) and listed:
            names = [item.get("name") if isinstance(item, dict) else item for item in listed]
            if all(isinstance(name, (str, int, list)) for name in names):
                return [" ".join(map(str, n)) if isinstance(n, list) else str(n) for n in names]
    for key in ("meta", "view", "schema"):
        if isinstance(value.get(key), dict) and (names := _names_beside(value[key])):
            return names
    return []


def _of_columns(value: Mapping[str, Any], where: str) -> _Found | None:
    """Read columns of equal length, or rows and columns by their labels."""
    inner = list(value.values())
    if all(isinstance(column, list) for column in inner):
        alike = len({len(column) for column in inner}) == 1 and len(inner) > 1
        flat = all(not isinstance(cell, (dict, list)) for column in inner for cell in column[:5])
        return _Found(pd.DataFrame(value), where or "lists by name") if alike and flat else None
    if not all(isinstance(column, dict) and column for column in inner) or len(inner) < 2:
        return None
    if any(isinstance(cell, (dict, list)) for column in inner for cell in column.values()):
        return None
    keys = list(dict.fromkeys(key for column in inner for key in column))
    if len(inner) * len(keys) >= 2 * sum(map(len, inner)):
        return None  # objects that have little in common are no table
    frame = pd.DataFrame({str(name): pd.Series(column) for name, column in value.items()})
    frame = frame.reindex(keys)
    if _are_rows(list(value), keys):
        frame = frame.T.infer_objects()
    frame = _labelled(frame.reset_index(drop=True), list(frame.index))
    return _Found(frame, where or "cells by label")


def _are_rows(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Check whether the outer keys label rows: they count or are dates, or are more."""
    counts = [all(_LABEL.fullmatch(str(key)) for key in keys) for keys in (outer, inner)]
    return counts[0] if counts[0] != counts[1] else len(outer) > len(inner)


def _labelled(frame: pd.DataFrame, labels: Any) -> pd.DataFrame:
    """Add the rows' labels as a column where they do more than count."""
    if not isinstance(labels, list) or len(labels) != len(frame):
        return frame
    if all(re.fullmatch(r"\d+", str(label)) for label in labels):
        return frame
    labels = [" ".join(map(str, x)) if isinstance(x, list) else x for x in labels]
    return frame.assign(**{"index": labels})[["index", *frame.columns]]
