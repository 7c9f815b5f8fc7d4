"""`darebench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darebench.cli.output import Output, print_json
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.report.load import LoadedRun


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUNS",
            help="Run folders to compare, each as it is or as NAME=FOLDER; two, or more.",
        ),
    ],
    *,
    output: Output,
) -> None:
    """Compare runs task by task: which is better, on which tasks, and whether that is chance.

    Example: darebench compare runs/a runs/b
    """
    from darebench.evals.comparison import compare_runs, rank_runs
    from darebench.report import comparison_tables as tables

    loaded = _load(runs)
    value: dict[str, Any]
    if len(loaded) == 2:
        a, b = loaded
        pair = compare_runs(a, b)
        value = tables.comparison_json(a, b, pair)
        shown, warnings = tables.comparison_tables(a, b, pair), [*pair.warnings]
        for run, only in ((a, pair.only_a), (b, pair.only_b)):
            if only:
                warnings.append(f"left out, since only {run.name} has them: {', '.join(only)}")
    else:
        ranking = rank_runs(loaded)
        value = tables.ranking_json(loaded, ranking)
        shown, warnings = tables.ranking_tables(ranking), [*ranking.warnings]
    if output.as_json:
        print_json(value)
        return
    from darebench.report.terminal import as_text, fill

    for warning in warnings:
        print(fill(f"WARNING: {warning}", indent="  "))
    print("\n".join(map(as_text, shown)), end="")


def _load(texts: Sequence[str]) -> list[LoadedRun]:
    """Read the runs, each under a name of its own.

    Raises:
        ConfigError: One is not a run folder, two have one name, or there is only one.
    """
    from darebench.report.load import load_run, short_names

    if len(texts) < 2:
        raise ConfigError("give two runs or more, as in `darebench compare runs/a runs/b`")
    split = [("", text) if Path(text).exists() else _split(text) for text in texts]
    loaded = [load_run(Path(path)) for _, path in split]
    short = iter(short_names([Path(path).resolve() for name, path in split if not name]))
    names = [name or next(short) for name, _ in split]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"two runs are called {twice!r}; write NAME=FOLDER")
    return [replace(run, name=name) for run, name in zip(loaded, names, strict=True)]


def _split(text: str) -> tuple[str, str]:
    name, mark, path = text.partition("=")
    return (name, path) if mark else ("", text)
