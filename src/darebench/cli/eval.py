"""`darebench eval`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from darebench.cli.attempt_options import AttemptOptions, note_problems
from darebench.cli.given_settings import SettingsOptions
from darebench.cli.options import DryRunOption
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.cli.rescored import print_rescored
from darebench.errors import ConfigError


def evaluate(
    context: typer.Context,
    *,
    attempts: AttemptOptions,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, metavar="N", help="Attempts at each task.")
    ] = 1,
    rescore: Annotated[
        bool,
        typer.Option(
            "--rescore",
            help="Score the predictions of the folder's run again, and ask no model.",
        ),
    ] = False,
    settings: SettingsOptions,
    dry_run: DryRunOption = False,
    output: Output,
) -> None:
    """Run an agent over tasks, score it, and write a page of results.

    Example: darebench eval --model openai/gpt-5 --epochs 3
    """
    from darebench.cli.dry_run import plan_run, print_plan
    from darebench.cli.run_text import run_text
    from darebench.evals.run import evaluate as run_evaluation
    from darebench.evals.run import rescore_asked
    from darebench.evals.summary import as_json
    from darebench.report.page.run_page import write_page

    config = attempts.config(context, epochs=epochs)
    if dry_run:
        plan = plan_run(config, attempts.out, fresh=attempts.fresh)
        print_plan(plan, as_json=output.as_json)
        return
    started = time.monotonic()
    if rescore:
        if attempts.fresh:
            raise ConfigError("--fresh sets aside what --rescore scores; give one of them")
        with show_progress(output.quiet) as progress:
            rescored = rescore_asked(config, attempts.out, progress=progress)
        print_rescored(rescored, output, took_s=time.monotonic() - started)
        return
    with show_progress(output.quiet) as progress:
        run = run_evaluation(
            config,
            out=attempts.out,
            fresh=attempts.fresh,
            slots=attempts.jobs,
            progress=progress,
        )
    took_s = time.monotonic() - started
    page = write_page(run.folder)
    note_problems(run, output)
    if output.as_json:
        print_json(as_json(run))
    else:
        print(run_text(run, page, took_s=took_s), end="")
    if run.unscored or run.missing or run.problems:
        raise typer.Exit(1)
