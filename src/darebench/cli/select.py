"""`darebench select`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from darebench.cli.output import Output, print_fields
from darebench.errors import ConfigError

StrategyName = Literal["fv", "av", "bv", "dv"]


def _threshold(name: str, kind: str) -> object:
    return typer.Option(name, metavar="SCORE", help=f"Least score of a valid attempt at {kind}.")


def _variance(name: str, kind: str) -> object:
    return typer.Option(
        name,
        metavar="VARIANCE",
        help=f"Variance of the scores from which {kind} is diverse (bv, dv).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdOptions:
    """What makes an attempt valid and a task diverse; the paper's values."""

    class_mm: Annotated[float, _threshold("--class-mm", "a class-MM task")] = 0.8
    reg_mm: Annotated[float, _threshold("--reg-mm", "a reg-MM task")] = 0.7
    xf: Annotated[float, _threshold("--xf", "an XF task")] = 0.6
    cf: Annotated[float, _threshold("--cf", "a CF task")] = 0.3
    variance_mm: Annotated[float, _variance("--variance-mm", "an MM task")] = 0.15
    variance_xf: Annotated[float, _variance("--variance-xf", "an XF task")] = 0.15
    variance_cf: Annotated[float, _variance("--variance-cf", "a CF task")] = 0.1


def select(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", show_default="the one of --in", help="Run folder, or file of attempts."
        ),
    ] = None,
    *,
    strategy: Annotated[
        StrategyName,
        typer.Option(
            "--strategy",
            help="Attempts to take: fv, the best valid one of each task (for IF the fastest); av, "
            "all valid ones; bv, as fv but of diverse tasks only; dv, two valid ones of each "
            "diverse task.",
        ),
    ] = "fv",
    given: Annotated[
        Path | None,
        typer.Option(
            "--in", metavar="PATH", show_default="RUN", help="Run folder, or file of attempts."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File for the lines of those taken.")
    ] = Path("selected.jsonl"),
    thresholds: ThresholdOptions,
    output: Output,
) -> None:
    """Choose the attempts that are worth training on.

    Example: darebench select runs/a --strategy dv --out dv.jsonl
    """
    from darebench.rollouts.select import Strategy, Thresholds
    from darebench.rollouts.select_files import select_file
    from darebench.rollouts.shortfall import in_words

    source = given or run
    if source is None or (given is not None and run is not None):
        raise ConfigError("give one run folder or file of attempts, as RUN or with --in")
    limits = Thresholds(**asdict(thresholds))
    selected = select_file(source, out, Strategy(strategy), limits)
    result = {"out": str(out), "strategy": strategy, **asdict(selected)}
    if not output.as_json:
        del result["left_out"]
    if not selected.selected:
        output.note(f"no attempt was chosen of {selected.tasks} tasks:")
        for missed in selected.left_out:
            output.note(f"  {in_words(missed)}")
    print_fields(result, as_json=output.as_json)
