"""Makes a profiled table of a raw one: cleaned, with what its user says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from darebench.curate.profiling.as_told import profile_as_told, retyped, told_of_clean
from darebench.curate.profiling.clean import MAX_COLUMNS, tidy
from darebench.curate.profiling.evidence import Tidy
from darebench.curate.profiling.profile import profile
from darebench.curate.profiling.row_order import find_order, with_times
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
    found = profile_as_told(read, told, said)
    table = Table(slug=slug, owner=owner, raw=raw, frame=frame, profile=found)
    return Profiled(_in_order(table), read)


def _in_order(table: Table) -> Table:
    """Add times to a table whose rows follow each other in time without saying when."""
    found, raw = table.profile, table.raw
    if found.time is not None or found.groups:
        return table
    order = find_order(table.frame, found.columns, f"{raw.title}\n{raw.about}")
    if order is None:
        return table
    frame, axis = with_times(table.frame, order)
    own = profile(frame[[axis.column]]).columns
    said = {axis.column: "time of the row" if order.times is not None else "number of the row"}
    note = f"rows follow each other in time: {order.why}; column {axis.column!r} is added"
    return replace(
        table,
        frame=frame,
        raw=replace(raw, notes=(*raw.notes, note), descriptions={**raw.descriptions, **said}),
        profile=replace(found, columns=(*own, *found.columns), time=axis),
    )


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
