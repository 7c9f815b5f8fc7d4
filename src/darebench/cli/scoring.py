"""`darebench score` and `darebench reference`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.options import (
    JobsOption,
    JsonOption,
    QuietOption,
    StoreOption,
    TasksArgument,
    note,
    print_json,
    show_progress,
)
from darebench.errors import ConfigError


def score(
    prediction: Annotated[Path | None, typer.Argument(help="A prediction.csv.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="The task's id.")] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="A folder of <dataset>/<variant>/prediction.csv.")
    ] = None,
    store: StoreOption = None,
    release_rules: Annotated[
        bool, typer.Option("--release-rules", help="Score as the public release does.")
    ] = False,
    references: Annotated[
        Path | None,
        typer.Option(
            "--references", help="IF answers that `reference --out` wrote; else computed."
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score one prediction, or a folder. Example: darebench score p.csv --task iris_class/mm"""
    from darebench.evals.batch import score_batch, score_one

    if batch is not None and prediction is None:
        result = score_batch(batch, store, release_rules=release_rules, references=references)
        print_json(result) if as_json else _print_batch(result, quiet=quiet)
        if result["errors"]:
            raise typer.Exit(1)
        return
    if prediction is None or task is None or batch is not None:
        raise ConfigError("give one prediction with --task ID, or --batch DIR")
    result = score_one(prediction, task, store, release_rules=release_rules, references=references)
    if as_json:
        print_json(result)
        return
    print(f"{result['task']}: {result['score']:.4f}")
    if result["reason"]:
        note(result["reason"]["message"], quiet=quiet)


def _print_batch(result: dict[str, Any], *, quiet: bool) -> None:
    _print_columns(result["columns"])
    for error in result["errors"]:
        note(f"{error['task']}: {error['message']}", quiet=quiet)


def _print_columns(columns: dict[str, dict[str, Any]]) -> None:
    for name, column in columns.items():
        mean, error = column["mean"], column["stderr"]
        figure = "unscored" if mean is None else f"{100 * mean:6.2f}"
        spread = f" +- {100 * error:.2f}" if error is not None else ""
        counts = ", ".join(f"{k} {column[k]}" for k in ("n", "answered", "unscored") if k in column)
        print(f"{name:9} {figure}{spread}  ({counts})")


def reference(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    check: Annotated[bool, typer.Option("--check", help="Prove that the text gives them.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Copy the answers here.")] = None,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute the answers of IF tasks. Example: darebench reference --check --store STORE"""
    from darebench.evals.references import compute

    with show_progress(quiet) as report:
        result = compute(store, patterns or [], check=check, out=out, slots=jobs, progress=report)
    if as_json:
        print_json(result)
    else:
        for row in result["tasks"]:
            state = "ok" if row["ok"] else "FAILED"
            print(f"{state:7} {row['id']}  {row['seconds']:.2f} s  {row['detail']}")
        print(f"environment {result['environment']['hash']}")
    for problem in result["errors"]:
        note(f"left out: {problem['dataset']}: {problem['message']}", quiet=quiet)
    if result["errors"] or not all(row["ok"] for row in result["tasks"]):
        raise typer.Exit(1)
