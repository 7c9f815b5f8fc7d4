"""`darebench score`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.options import StoreOption
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.cli.rescored import print_rescored
from darebench.errors import ConfigError


def score(
    prediction: Annotated[
        Path | None,
        typer.Argument(
            metavar="PREDICTION",
            show_default="the folder of --batch",
            help="File to score, such as prediction.csv.",
        ),
    ] = None,
    *,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="ID",
            show_default="needed with PREDICTION",
            help="Id of the task that the file answers.",
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FOLDER",
            show_default="the one PREDICTION",
            help="Folder of <dataset>/<variant>/prediction.csv to score; a missing file counts 0.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="RUN",
            show_default="the one PREDICTION",
            help="Run folder whose predictions are scored again, in place; no model is asked.",
        ),
    ] = None,
    store: StoreOption = None,
    release_rules: Annotated[
        bool, typer.Option("--release-rules", help="Score as the public release's script does.")
    ] = False,
    references: Annotated[
        Path | None,
        typer.Option(
            "--references",
            metavar="FOLDER",
            show_default="they are computed here",
            help="Folder of answers to IF tasks, which `darebench reference --out` wrote.",
        ),
    ] = None,
    output: Output,
) -> None:
    """Score one prediction, a folder of them, or those of a run again.

    Example: darebench score p.csv --task iris_class/mm
    """
    from darebench.evals.batch import score_batch, score_one

    if run is not None:
        if prediction or task or batch or release_rules or references:
            raise ConfigError("--run takes no other option than --store")
        _score_run(run, store, output)
        return
    if batch is not None and prediction is None:
        result = score_batch(batch, store, release_rules=release_rules, references=references)
        _print_batch(result, output)
        if result["errors"]:
            raise typer.Exit(1)
        return
    if prediction is None or task is None or batch is not None:
        raise ConfigError("give one prediction with --task ID, --batch FOLDER, or --run RUN")
    result = score_one(prediction, task, store, release_rules=release_rules, references=references)
    if output.as_json:
        print_json(result)
        return
    print(f"{result['task']}: {result['score']:.4f}")
    if result["reason"]:
        output.note(result["reason"]["message"])


def _score_run(folder: Path, store: str | None, output: Output) -> None:
    from darebench.evals.rescore import rescore

    started = time.monotonic()
    with show_progress(output.quiet) as progress:
        rescored = rescore(folder, store, progress=progress)
    print_rescored(rescored, output, took_s=time.monotonic() - started)


def _print_batch(result: Mapping[str, Any], output: Output) -> None:
    if output.as_json:
        print_json(result)
        return
    _print_tracks(result["columns"])
    for error in result["errors"]:
        output.note(f"{error['task']}: {error['message']}")


def _print_tracks(tracks: Mapping[str, Mapping[str, Any]]) -> None:
    for name, figures in tracks.items():
        mean, error = figures["mean"], figures["stderr"]
        figure = "unscored" if mean is None else f"{100 * mean:6.2f}"
        spread = f" +- {100 * error:.2f}" if error is not None else ""
        shown = [f"{k} {figures[k]}" for k in ("n", "answered", "unscored") if k in figures]
        print(f"{name:9} {figure}{spread}  ({', '.join(shown)})")
