"""Targets that no file has."""

from __future__ import annotations

import re

from darebench.audit.findings import Finding, Severity
from darebench.audit.task_tables import TaskTables

_NAMED = re.compile(
    r"\btarget (?:columns?|variables?|fields?),? "
    r"(?:is |are |named |called )*[`'\"]([^`'\"\n]{1,80})[`'\"]",
    re.IGNORECASE,
)


def target_named(tables: TaskTables) -> list[Finding]:
    """Find targets, of the settings or named as such in the question, that no file has."""
    had = {*map(str, tables.train.columns), *map(str, tables.val.columns), *tables.files}
    asked = [*tables.targets, *_NAMED.findall(tables.question)]
    absent = [name for name in dict.fromkeys(asked) if name not in had]
    if not absent:
        return []
    message = f"no file has a column {absent[0]!r}, which is called the target"
    return [
        Finding(
            check="target_named",
            severity=Severity.DEFECT,
            figure=float(len(absent)),
            message=message,
        )
    ]
