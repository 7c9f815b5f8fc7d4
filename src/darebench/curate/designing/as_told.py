"""Designs of the targets that a user names, whatever the designer would have chosen."""

from __future__ import annotations

from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import is_series, series_design, tabular_design
from darebench.curate.protocols import Designer
from darebench.curate.records import Design, Table
from darebench.errors import CurationReject


def design_as_told(designer: Designer, table: Table) -> list[Design]:
    """List the designs of the targets that are named; all of the designer's where none is.

    Raises:
        CurationReject: The table is not fit for any task, or a named column can be no target.
    """
    wanted = table.raw.told.target
    found = _designs(designer, table)
    if not wanted:
        return found
    columns = {column.name: column for column in table.profile.columns}
    judgement = judge(table)
    designs: list[Design] = []
    for name in wanted:
        own = [design for design in found if design.target == name]
        made: list[Design | None] = [*own] or [series_design(table, columns[name], judgement)]
        if not own and not is_series(table, columns[name]):
            made.append(tabular_design(table, columns[name], judgement))
        able = [design for design in made if design is not None]
        if not able:
            raise CurationReject(
                f"column {name!r} is to be the target, and is of kind {columns[name].kind}, or "
                "fewer than two other columns are left; say what it holds with type"
            )
        designs += able
    return designs


def _designs(designer: Designer, table: Table) -> list[Design]:
    """Ask the designer; where targets are named, its refusal does not count."""
    try:
        return designer.design(table)
    except CurationReject:
        if not table.raw.told.target:
            raise
        return []
