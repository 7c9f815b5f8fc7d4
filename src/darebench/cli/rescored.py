"""Prints a run whose predictions were scored again: `eval --rescore` and `score --run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from darebench.cli.attempt_options import note_problems
from darebench.cli.output import Output, print_json

if TYPE_CHECKING:
    from darebench.evals.rescore import Rescored


def print_rescored(rescored: Rescored, output: Output, *, took_s: float) -> None:
    """Print the run and how many of its scores have changed, and write its page anew.

    Raises:
        typer.Exit: Attempts are unscored or missing, or datasets cannot be used.
    """
    from darebench.cli.run_text import run_text
    from darebench.evals.rescore import as_json
    from darebench.report.page.run_page import write_page

    run = rescored.run
    page = write_page(run.folder)
    note_problems(run, output)
    if output.as_json:
        print_json(as_json(rescored))
    else:
        n, changed = rescored.scored, len(rescored.changed)
        done = f"scored again: {n} predictions; scores that changed: {changed}"
        print(run_text(run, page, took_s=took_s, done=done), end="")
    if run.unscored or run.missing or run.problems:
        raise typer.Exit(1)
