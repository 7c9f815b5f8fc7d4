"""`darebench audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import (
    FamilyOption,
    JsonOption,
    LimitOption,
    QuietOption,
    SeedOption,
    TasksArgument,
    VariantOption,
    print_json,
    show_progress,
)
from darebench.errors import ConfigError


def audit(
    store: Annotated[str, typer.Argument(help="A folder, an archive or hf://owner/name.")],
    patterns: TasksArgument = None,
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Tasks at the same time.")] = 1,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the tasks of any store for defects. Example: darebench audit curation/store"""
    from darebench.audit.findings import Severity
    from darebench.audit.store_audit import audit_store
    from darebench.report.audit_text import audit_text
    from darebench.report.page.audit_page import audit_page

    if html is not None and not html.parent.is_dir():
        raise ConfigError(f"there is no folder {html.parent} for the page")
    with show_progress(quiet) as report:
        found = audit_store(
            store,
            patterns or (),
            family=family,
            variant=variant,
            limit=limit,
            seed=seed,
            jobs=jobs,
            report=report,
        )
    if html is not None:
        html.write_text(audit_page(found), encoding="utf-8")
    if as_json:
        print_json({"schema": 1, "tasks": [task.as_dict() for task in found.tasks]})
    else:
        print(audit_text(found), end="")
    if found.count(Severity.DEFECT):
        raise typer.Exit(1)
