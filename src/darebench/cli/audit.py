"""`darebench audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import Selection
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.errors import ConfigError


def audit(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE", help="Store to check: a folder, an archive or hf://owner/name."
        ),
    ],
    *,
    selection: Selection,
    jobs: Annotated[
        int,
        typer.Option("--jobs", min=1, metavar="N", help="Number of tasks checked at a time."),
    ] = 1,
    agents: Annotated[
        bool,
        typer.Option(
            "--agents",
            help="Also play the agents trivial and baseline on each task as it is and with its "
            "training columns shuffled, which takes up to minutes a task.",
        ),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", show_default="no page", help="File to write a page to."
        ),
    ] = None,
    output: Output,
) -> None:
    """Check whether the tasks of a store are worth asking; defects give exit code 1.

    Example: darebench audit curation/store
    """
    from darebench.audit.findings import Severity
    from darebench.audit.store_audit import audit_store
    from darebench.report.audit_text import audit_text
    from darebench.report.page.audit_page import audit_page

    if html is not None and not html.parent.is_dir():
        raise ConfigError(f"the folder {html.parent} of the page does not exist; create it first")
    with show_progress(output.quiet) as progress:
        found = audit_store(
            store,
            selection.tasks or (),
            family=selection.family,
            variant=selection.variant,
            limit=selection.limit,
            seed=selection.seed,
            jobs=jobs,
            agents=agents,
            report=progress,
        )
    if html is not None:
        html.write_text(audit_page(found), encoding="utf-8")
    if output.as_json:
        print_json(
            {
                "schema": 1,
                "tasks": [task.as_dict() for task in found.tasks],
                "store": found.figures.as_dict(),
            }
        )
    else:
        print(audit_text(found), end="")
    if found.count(Severity.DEFECT):
        raise typer.Exit(1)
