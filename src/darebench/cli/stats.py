"""`darebench stats`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from darebench.cli.output import Output, print_json


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

    measured = asdict(measure_store(store))
    if output.as_json:
        print_json(measured)
        return
    for name, value in measured.items():
        print(f"{name}: {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
