"""Makes a profiled table of a raw one: cleaned, with what its user says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from darebench.curate.profiling.as_told import profile_as_told, retyped, told_of_clean
from darebench.curate.profiling.clean import MAX_COLUMNS, tidy
from darebench.curate.profiling.evidence import Tidy
from darebench.curate.reading.evidence import with_units
from darebench.curate.records import RawTable, Refusal, Stage, Table


class Profiled(NamedTuple):
    """A profiled table, and how its columns were read."""

    table: Table
    tidy: Tidy


def profile_table(raw: RawTable, slug: str, owner: str) -> Profiled:
    """Clean and profile a table.

    Raises:
        CurationReject: Nothing is left of it, or what is said of a column cannot be.
    """
    told = told_of_clean(raw)
    read = retyped(tidy(raw.frame, raw.descriptions, told.day_first), told)
    frame, notes = read.frame, [*raw.notes, *read.notes]
    if frame.shape[1] == MAX_COLUMNS < raw.frame.shape[1]:
        notes.append(f"only its first {MAX_COLUMNS} usable columns are kept")
    said = with_units(raw.descriptions, read.units)
    raw = replace(raw, notes=tuple(notes), descriptions=said, told=told)
    found = profile_as_told(read, told)
    return Profiled(Table(slug=slug, owner=owner, raw=raw, frame=frame, profile=found), read)


def not_understood(made: Tidy, slug: str) -> list[Refusal]:
    """Name the columns that look like time and could not be read."""
    return [
        Refusal(
            table=slug,
            stage=Stage.PROFILE,
            target=column.name,
            reason=f"looks like time and is not understood: {column.not_understood!r}; "
            "write it as 2020-12-31 or 2020-12-31 23:59:59",
        )
        for column in made.columns
        if column.not_understood
    ]
