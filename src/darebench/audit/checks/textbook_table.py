"""Tables of textbooks, which models know by heart."""

from __future__ import annotations

import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.task_tables import TaskTables
from darebench.audit.textbook import recognise


def textbook_table(tables: TaskTables) -> list[Finding]:
    """Find rows of a textbook table, known by their content under any name."""
    asked = tables.val.assign(**{name: tables.truth[name].to_numpy() for name in tables.targets})
    columns = [*tables.features, *tables.targets]
    rows = pd.concat([part.reindex(columns=columns) for part in (tables.train, asked)])
    name = recognise(rows.reset_index(drop=True))
    if not name:
        return []
    message = f"its rows are from a textbook table, {name}, which models have seen with answers"
    return [Finding(check="textbook", severity=Severity.NOTE, figure=1.0, message=message)]
