"""`darebench stats`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from darebench.cli.output import Output, print_fields


def stats(
    store: Annotated[
        str | None,
        typer.Argument(
            metavar="STORE",
            show_default="the starter store",
            help="Store to describe: a folder, an archive or hf://owner/name.",
        ),
    ] = None,
    *,
    output: Output,
) -> None:
    """Show what a store holds.

    Example: darebench stats curation/store
    """
    from darebench.audit.inventory import measure_store

    print_fields(asdict(measure_store(store)), as_json=output.as_json)
