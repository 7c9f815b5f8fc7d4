"""One thing that is wrong with the format of a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HINTS = ("; fetch the store again", "; fetch or write the store again")
"""What a reader's message advises, and somebody who writes a store cannot do."""
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatProblem:
    """What is wrong, where, and what to do about it."""

    dataset: str
    """As the question list names it; empty if the whole list is meant."""
    file: str
    """Path in the store's folder."""
    field: str
    """The JSON field or the table's column; empty if the whole file is meant."""
    value: str
    """What is there, shortened; empty if nothing is."""
    message: str
    """What is wrong with it."""
    fix: str
    """The next move."""

    def __str__(self) -> str:
        """The problem in one line."""
        place = ": ".join(part for part in (self.dataset, self.file, self.field) if part)
        found = f" ({self.value})" if self.value else ""
        return f"{place}{found}: {self.message}; {self.fix}"


def format_problem(
    root: Path,
    path: Path,
    dataset: str,
    *,
    field: str = "",
    value: object = "",
    message: object,
    fix: str,
) -> FormatProblem:
    """Make a problem with a file of a store.

    Args:
        root: The store's folder.
        path: The file, inside `root`.
        dataset: As the question list names it.
        field: The JSON field or the table's column.
        value: What is there, of any length.
        message: What is wrong, or the error that says it.
        fix: The next move.
    """
    text = str(message)
    for hint in _HINTS:
        text = text.removesuffix(hint)
    shown = "" if value == "" else " ".join(str(value).split())
    return FormatProblem(
        dataset=dataset,
        file=path.relative_to(root).as_posix(),
        field=field,
        value=shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}...",
        message=text.replace(f"{root}/", ""),
        fix=fix,
    )
