"""Questions that are too short or too long, or that leave out what they are about."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.task_tables import TaskTables

SHORTEST, LONGEST = 80, 20_000
"""Characters of a question that a person would still read."""


def question_readable(tables: TaskTables) -> list[Finding]:
    """Find questions that are too short or too long, or do not name their files and targets."""
    text = tables.question
    problems: list[tuple[int, str]] = []
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
