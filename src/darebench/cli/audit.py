"""`darebench audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import Selection
from darebench.cli.output import Output, print_json, print_line
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
    attack: Annotated[
        bool,
        typer.Option(
            "--attack",
            help="Try predictions that would score without solving anything, in place of the "
            "checks.",
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
    if attack:
        _attack(store, selection, output)
        return
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


def _attack(store: str, selection: Selection, output: Output) -> None:
    """Show what the scorer gives to each kind of attack; exit with 1 if one did not hold."""
    from dataclasses import asdict

    from darebench.audit.score_attacks import attack_scores
    from darebench.report.audit_text import attack_table
    from darebench.report.terminal import as_text
    from darebench.store.read import open_store, select

    opened = open_store(store)
    tasks = select(
        opened.tasks,
        selection.tasks or (),
        family=selection.family,
        variant=selection.variant,
        limit=selection.limit,
        seed=selection.seed,
    )
    with show_progress(output.quiet) as progress:
        results, problems = attack_scores(tasks, progress)
    n_held = sum(result.held == result.tasks for result in results)
    if output.as_json:
        attacks = [asdict(result) for result in results]
        print_json({"schema": 1, "attacks": attacks, "held": n_held, "problems": problems})
    else:
        print(as_text(attack_table(results)), end="")
        for task, problem in problems.items():
            output.note(f"{task}: {problem}")
        print_line(f"{n_held} of {len(results)} attacks held on all tasks")
    if n_held < len(results) or problems:
        raise typer.Exit(1)
