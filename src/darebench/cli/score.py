"""`darebench score`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.options import StoreOption
from darebench.cli.output import Output, print_json, print_line
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
    from darebench.report.result_tables import zero_reasons

    print(_tracks_text(result["columns"]), end="")
    zeros = (
        (s["reason"], s["task"]) for s in result["scores"] if s["score"] == 0.0 and s["reason"]
    )
    for reason, n, example in zero_reasons((r["code"], task, r["message"]) for r, task in zeros):
        print_line(f"score 0: {n} {reason}, such as {example}")
    for error in result["errors"]:
        output.note(f"{error['task']}: {error['message']}")
    if unknown := result["unknown"]:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        output.note(f"not in the store, and not scored: {', '.join(unknown[:3])}{more}")


def _tracks_text(tracks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the scores by track as a table."""
    from darebench.report.figures import score_figure
    from darebench.report.result_tables import INTERVAL, footnotes, score_cell
    from darebench.report.table import ReportTable
    from darebench.report.terminal import as_text

    counts = ("n", "answered", "unscored")
    scores = {
        name: score_figure(f["mean"], f["interval"], f["bootstrap"], f["note"])
        for name, f in tracks.items()
    }
    table = ReportTable(
        title="Scores",
        note="\n".join([f"{INTERVAL} A missing file counts 0.", *footnotes(scores.values())]),
        columns=("track", "score", "tasks", "answered", "unscored"),
        rows=tuple(
            (name, score_cell(scores[name]), *(str(figures[count]) for count in counts))
            for name, figures in tracks.items()
        ),
    )
    return as_text(table)
