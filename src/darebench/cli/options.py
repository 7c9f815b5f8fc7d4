"""Options that several commands share, and how a command prints."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.types import Family, Variant

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="A folder, an archive or hf://owner/name; else the starter store."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Print the result only: no progress, no notes.")
]
TasksArgument = Annotated[
    list[str] | None, typer.Argument(help="Task ids, dataset names or globs; all without one.")
]
FamilyOption = Annotated[Family | None, typer.Option("--family")]
VariantOption = Annotated[Variant | None, typer.Option("--variant")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many tasks.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Of a random choice of --limit.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Programs that run at the same time.")
]
ModelOption = Annotated[
    str, typer.Option("--model", help="baseline, or an Inspect model such as openai/gpt-5.")
]
TurnsOption = Annotated[int, typer.Option("--turns", min=1)]
SecondsOption = Annotated[float, typer.Option("--seconds", min=1, help="Limit of each call.")]
SandboxOption = Annotated[
    str | None,
    typer.Option("--sandbox", help="URL of a `darebench sandbox serve` or SandboxFusion server."),
]
BaseUrlOption = Annotated[
    str | None, typer.Option("--base-url", help="Of an OpenAI-compatible server.")
]
MaxTokensOption = Annotated[int | None, typer.Option("--max-tokens", help="Of one turn.")]
TokenLimitOption = Annotated[int | None, typer.Option("--token-limit", help="Of an attempt.")]
TimeLimitOption = Annotated[
    int | None, typer.Option("--time-limit", help="Seconds of an attempt, waits included.")
]
RunOption = Annotated[Path | None, typer.Option("--out", help="The run's folder.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Start over.")]


def note(text: str, *, quiet: bool) -> None:
    """Say something beside the result, on stderr."""
    if not quiet:
        print(text, file=sys.stderr)


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


LINE_EVERY_S = 30.0
"""Between two lines of progress where there is no terminal to draw a bar in."""


@contextmanager
def show_progress(quiet: bool) -> Iterator[Any]:
    """Show how far long work is, on stderr: bars in a terminal, else a line now and then."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _print_progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[beside]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, Any] = {}

        def report(stage: str, done: int, total: int, beside: str = "") -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage, total=total, beside="")
            bars.update(known[stage], completed=done, beside=beside)

        yield report


def _print_progress() -> Any:
    """Give what prints the first and the last that a stage tells, and some between."""
    start = time.monotonic()
    due: dict[str, float] = {}

    def report(stage: str, done: int, total: int, beside: str = "") -> None:
        now = time.monotonic()
        is_end = done >= total
        if now < due.get(stage, 0.0) and not (is_end and due[stage] < math.inf):
            return
        due[stage] = math.inf if is_end else now + LINE_EVERY_S
        line = f"{now - start:.0f} s: {stage} {done}/{total} {beside}".rstrip()
        print(line, file=sys.stderr, flush=True)

    return report
