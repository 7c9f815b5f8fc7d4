"""The options of `darebench curate` that say what is known of one's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from darebench.curate.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOptions:
    """What is said of every table of a folder; it counts before what is found."""

    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            show_default="found",
            help="Column to predict, and no other; it can be given several times.",
        ),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="COLUMN", show_default="found", help="Column of the time axis."
        ),
    ] = None
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            metavar="COLUMN",
            show_default="found",
            help="Column that names what several rows belong to; it can be given several times.",
        ),
    ] = None
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            metavar="COLUMN",
            show_default="found",
            help="Column that only names rows; it can be given several times.",
        ),
    ] = None
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COLUMN=KIND",
            show_default="found",
            help="What a column holds: number, category, time, day-first or month-first (both "
            "times), key or text; it can be given several times.",
        ),
    ] = None
    sheet: Annotated[
        str | None,
        typer.Option(
            "--sheet", metavar="NAME", show_default="the largest", help="Sheet of workbooks."
        ),
    ] = None
    header_row: Annotated[
        int | None,
        typer.Option(
            "--header-row",
            min=0,
            metavar="N",
            show_default="found",
            help="Row of the names, counted from 1; 0 for files without a header.",
        ),
    ] = None

    def read(self) -> Told:
        """Return what is said.

        Raises:
            ConfigError: A type is not of the form COLUMN=KIND.
        """
        from darebench.curate.told import Told, read_pairs

        return Told(
            target=tuple(self.target or ()),
            time=self.time or "",
            group=tuple(self.group or ()),
            id=tuple(self.ids or ()),
            type=read_pairs(self.types or ()),
            sheet=self.sheet or "",
            header_row=self.header_row,
        )
