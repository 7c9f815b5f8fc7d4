"""`darebench score`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.options import StoreOption
from darebench.cli.output import Output, print_json, print_line
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
    """Score one prediction, or a folder of them.

    Example: darebench score p.csv --task iris_class/mm
    """
    from darebench.evals.batch import score_batch, score_one

    if batch is not None and prediction is None:
        result = score_batch(batch, store, release_rules=release_rules, references=references)
        _print_batch(result, output)
        if result["errors"]:
            raise typer.Exit(1)
        return
    if prediction is None or task is None or batch is not None:
        raise ConfigError("give one prediction with --task ID, or --batch FOLDER")
    result = score_one(prediction, task, store, release_rules=release_rules, references=references)
    if output.as_json:
        print_json(result)
        return
    print(f"{result['task']}: {result['score']:.4f}")
    if result["reason"]:
        output.note(result["reason"]["message"])


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


def _tracks_text(tracks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the scores by track as a table."""
    from darebench.report.figures import score_figure
    from darebench.report.result_tables import INTERVAL, footnotes, score_text
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
            (name, score_text(scores[name]), *(str(figures[count]) for count in counts))
            for name, figures in tracks.items()
        ),
    )
    return as_text(table)
