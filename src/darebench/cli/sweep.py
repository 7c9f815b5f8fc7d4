"""`darebench sweep`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.attempt_options import AttemptOptions, note_problems
from darebench.cli.given_settings import SettingsOptions
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.evals.evaluation import EvalConfig

_CELL = re.compile(r"(\d+)x(\d+(?:\.\d+)?)")


def sweep(
    context: typer.Context,
    *,
    grid: Annotated[
        str,
        typer.Option(
            "--grid",
            metavar="GRID",
            help="Budgets to try, each as TURNSxSECONDS, such as `3x300 5x200 10x100`.",
        ),
    ],
    attempts: AttemptOptions,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, metavar="N", help="Attempts at each task.")
    ] = 1,
    settings: SettingsOptions,
    output: Output,
) -> None:
    """Evaluate with several budgets of turns and seconds, and show how scores depend on them.

    Example: darebench sweep --grid "3x300 5x200 10x100" --model openai/gpt-5 --out runs/sweep
    """
    from darebench.evals.run import evaluate
    from darebench.evals.summary import as_json
    from darebench.report.load import read_paths
    from darebench.report.page.run_page import write_page
    from darebench.report.result_tables import sensitivity_table
    from darebench.report.terminal import as_text

    budgets = read_grid(grid)
    _refuse_budget(context)
    config = attempts.config(context, epochs=epochs)
    runs = []
    for turns, seconds in budgets:
        out = None if attempts.out is None else attempts.out / f"{turns}x{seconds:g}"
        own = replace(config, turns=turns, seconds=seconds)
        output.note(f"{turns} turns of {seconds:g} s: {_where(own, out)}")
        with show_progress(output.quiet) as progress:
            run = evaluate(
                own, out=out, fresh=attempts.fresh, slots=attempts.jobs, progress=progress
            )
        write_page(run.folder)
        runs.append(run)
    note_problems(runs[0], output)
    if output.as_json:
        keyed = zip(budgets, runs, strict=True)
        print_json([{"turns": t, "seconds": s, **as_json(run)} for (t, s), run in keyed])
    else:
        print(as_text(sensitivity_table(read_paths([run.folder for run in runs]).runs)), end="")
    if any(run.unscored or run.missing or run.problems for run in runs):
        raise typer.Exit(1)


def read_grid(text: str) -> list[tuple[int, float]]:
    """Read budgets, each as TURNSxSECONDS, separated by blanks or commas.

    Raises:
        ConfigError: There is none, one is not of this form, or one stands twice.
    """
    words = re.split(r"[\s,;]+", text.strip())
    found = []
    for word in words:
        cell = _CELL.fullmatch(word)
        if cell is None or int(cell[1]) < 1 or float(cell[2]) < 1:
            raise ConfigError(f"--grid: {word!r} is not TURNSxSECONDS, such as 5x200")
        found.append((int(cell[1]), float(cell[2])))
    twice = next((budget for budget in found if found.count(budget) > 1), None)
    if twice is not None:
        raise ConfigError(f"--grid has {twice[0]}x{twice[1]:g} twice")
    return found


def _refuse_budget(context: typer.Context) -> None:
    """Refuse options that the grid stands for."""
    for name in ("turns", "seconds"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ConfigError(f"--{name} is what --grid says; leave it out")


def _where(config: EvalConfig, out: Path | None) -> str:
    return str(out) if out is not None else f"a run of {config.model} in runs/"
