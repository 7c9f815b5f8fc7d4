"""`darebench score`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.options import StoreOption
from darebench.cli.output import Output, print_json
from darebench.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What is scored, and by which rules."""

    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="ID",
            show_default="needed with PREDICTION",
            help="Id of the task that the file answers.",
        ),
    ] = None
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FOLDER",
            show_default="the one PREDICTION",
            help="Folder of <dataset>/<variant>/prediction.csv to score; a missing file counts 0.",
        ),
    ] = None
    store: StoreOption = None
    release_rules: Annotated[
        bool, typer.Option("--release-rules", help="Score as the public release's script does.")
    ] = False
    references: Annotated[
        Path | None,
        typer.Option(
            "--references",
            metavar="FOLDER",
            show_default="they are computed here",
            help="Folder of answers to IF tasks, which `darebench reference --out` wrote.",
        ),
    ] = None


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
    scoring: ScoreOptions,
    output: Output,
) -> None:
    """Score one prediction, or a folder of them.

    Example: darebench score p.csv --task iris_class/mm
    """
    if scoring.batch is not None and prediction is None:
        _score_batch(scoring.batch, scoring, output)
    elif prediction is None or scoring.task is None or scoring.batch is not None:
        raise ConfigError("give one prediction with --task ID, or --batch FOLDER")
    else:
        _score_one(prediction, scoring.task, scoring, output)


def _score_one(prediction: Path, task: str, options: ScoreOptions, output: Output) -> None:
    from darebench.evals.batch import score_one

    result = score_one(
        prediction,
        task,
        options.store,
        release_rules=options.release_rules,
        references=options.references,
    )
    if output.as_json:
        print_json(result)
        return
    print(f"{result['task']}: {result['score']:.4f}")
    if result["reason"]:
        output.note(result["reason"]["message"])


def _score_batch(folder: Path, options: ScoreOptions, output: Output) -> None:
    from darebench.evals.batch import score_batch

    result = score_batch(
        folder,
        options.store,
        release_rules=options.release_rules,
        references=options.references,
    )
    if output.as_json:
        print_json(result)
    else:
        _print_tracks(result["columns"])
        for error in result["errors"]:
            output.note(f"{error['task']}: {error['message']}")
    if result["errors"]:
        raise typer.Exit(1)


def _print_tracks(tracks: Mapping[str, Mapping[str, Any]]) -> None:
    for name, figures in tracks.items():
        mean, error = figures["mean"], figures["stderr"]
        figure = "unscored" if mean is None else f"{100 * mean:6.2f}"
        spread = f" +- {100 * error:.2f}" if error is not None else ""
        shown = [f"{k} {figures[k]}" for k in ("n", "answered", "unscored") if k in figures]
        print(f"{name:9} {figure}{spread}  ({', '.join(shown)})")
