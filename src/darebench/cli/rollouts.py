"""`darebench rollouts`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from darebench.cli.attempt_options import AttemptOptions, note_problems
from darebench.cli.given_settings import SettingsOptions
from darebench.cli.options import DryRunOption
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutOptions(AttemptOptions):
    """Options of `eval` whose default is another one here: greedy repeats would all be the same."""

    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            metavar="NUMBER",
            show_default="1.0 for a language model",
            help="Sampling temperature.",
        ),
    ] = None
    top_p: Annotated[
        float | None,
        typer.Option(
            "--top-p",
            metavar="SHARE",
            show_default="0.95 for a language model",
            help="Probability mass that tokens are sampled from, from 0 to 1.",
        ),
    ] = None


def rollouts(
    context: typer.Context,
    *,
    options: RolloutOptions,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, metavar="N", help="Attempts at each task.")
    ] = 8,
    settings: SettingsOptions,
    dry_run: DryRunOption = False,
    output: Output,
) -> None:
    """Make several attempts at each task, to learn from.

    Example: darebench rollouts --model openai/gpt-5 --out runs/a
    """
    from darebench.cli.dry_run import plan_run, print_plan
    from darebench.evals.summary import as_json
    from darebench.rollouts.sample import collect, sampling

    config = options.config(context, epochs=attempts)
    if dry_run:
        wanted = replace(config, generation=sampling(config))
        plan = plan_run(wanted, options.out, fresh=options.fresh)
        print_plan(plan, as_json=output.as_json)
        return
    with show_progress(output.quiet) as progress:
        run = collect(
            config,
            attempts=attempts,
            out=options.out,
            fresh=options.fresh,
            slots=options.jobs,
            progress=progress,
        )
    note_problems(run, output)
    if output.as_json:
        print_json(as_json(run))
    else:
        print(f"run: {run.folder}\nattempts: {len(run.trajectories)}, unscored: {run.unscored}")
    if run.unscored or run.missing or run.problems:
        raise typer.Exit(1)
