"""Reads what JSON metadata lists of the columns of one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any


def described_fields(content: Mapping[str, Any], file_name: str) -> list[tuple[str, str]] | None:
    """Return the columns that JSON metadata lists for one file, each with what it says of it.

    Args:
        content: Metadata in any of the forms that people use.
        file_name: The file's path within its folder.

    Returns:
        Names and texts; None if it lists columns of other files alone, or of none.
    """
    entry = _entry_of(content, file_name)
    for holder in (entry, content):
        fields = _fields(holder)
        if fields:
            return fields
    return None


def _entry_of(content: Mapping[str, Any], file_name: str) -> Mapping[str, Any]:
    listed = content.get("resources") or content.get("data") or content.get("files") or []
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    if len(entries) == 1 and not _name(entries[0]):
        return entries[0]
    own = PurePath(file_name.casefold())
    for fits in (
        lambda path: path == own,
        lambda path: path.name == own.name,
        lambda path: path.name == own.stem,
    ):
        found = [e for e in entries if _name(e) and fits(PurePath(_name(e).casefold()))]
        if len(found) == 1:
            return found[0]
    return {}


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("path") or entry.get("name") or "").replace("\\", "/").removeprefix("./")


def _fields(holder: Mapping[str, Any]) -> list[tuple[str, str]]:
    schema = holder.get("schema")
    columns = holder.get("columns") or holder.get("fields")
    if not columns and isinstance(schema, dict):
        columns = schema.get("fields") or schema.get("columns")
    if isinstance(columns, dict):
        return [(str(name), _said(value)) for name, value in columns.items()]
    rows: Sequence[Any] = columns if isinstance(columns, list) else []
    return [(str(row.get("name")), _said(row)) for row in rows if isinstance(row, dict)]


def _said(value: Any) -> str:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    return next((str(v) for k in ("description", "title", "label") if (v := value.get(k))), "")
