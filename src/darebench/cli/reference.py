"""`darebench reference`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import JobsOption, StoreOption, TasksArgument
from darebench.cli.output import Output, print_json, print_line
from darebench.cli.progress import show_progress


def reference(
    tasks: TasksArgument = None,
    *,
    store: StoreOption = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Prove that the text of each task leads to its answer."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            show_default="the cache alone",
            help="Folder to copy the answers to.",
        ),
    ] = None,
    jobs: JobsOption = None,
    output: Output,
) -> None:
    """Compute the answers to IF tasks from their workflows.

    Example: darebench reference --check --store STORE
    """
    from darebench.evals.references import compute

    with show_progress(output.quiet) as progress:
        result = compute(store, tasks or [], check=check, out=out, slots=jobs, progress=progress)
    if output.as_json:
        print_json(result)
    else:
        for row in result["tasks"]:
            state = "ok" if row["ok"] else "FAILED"
            print_line(f"{state:7} {row['id']}  {row['seconds']:.2f} s  {row['detail']}")
        print(f"environment {result['environment']['hash']}")
    for problem in result["errors"]:
        output.note(f"left out: {problem['dataset']}: {problem['message']}")
    if result["errors"] or not all(row["ok"] for row in result["tasks"]):
        raise typer.Exit(1)
