"""Columns whose meaning an agent can only guess."""

from __future__ import annotations

import re

from darebench.audit.findings import Finding, Severity
from darebench.audit.task_tables import TaskTables
from darebench.store.layout import ROW_ID


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
