"""`darebench score`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
    details = result["details"]
    if len(details) > 1:
        for target in details:
            print(f"  {target['target']}: {target['score']:.4f}")
    for reason in dict.fromkeys(t["reason"]["message"] for t in details if t["reason"]):
        output.note(reason)


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
    _print_tracks(result["columns"], output)
    for error in result["errors"]:
        output.note(f"{error['task']}: {error['message']}")
    if unknown := result["unknown"]:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        output.note(f"not in the store, and not scored: {', '.join(unknown[:3])}{more}")


def _print_tracks(tracks: Mapping[str, Mapping[str, Any]], output: Output) -> None:
    for name, figures in tracks.items():
        mean, interval = figures["mean"], figures["interval"]
        figure = "unscored" if mean is None else f"{100 * mean:5.1f} %"
        spread = "" if interval is None else f", 95 %: {_percent(interval)}"
        shown = [f"{k} {figures[k]}" for k in ("n", "answered", "unscored")]
        print(f"{name:9} {figure}{spread}  ({', '.join(shown)})")
    for note in dict.fromkeys(f["note"] for f in tracks.values() if f["note"]):
        output.note(note)


def _percent(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{100 * low:.1f} to {100 * high:.1f}"
