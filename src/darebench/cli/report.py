"""`darebench report`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.errors import ConfigError
from darebench.files import written_whole
from darebench.report.formats import FORMATS

if TYPE_CHECKING:
    FormatName = str
else:  # Typer shows and checks the choices of a Literal
    FormatName = Literal[tuple(FORMATS)]


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUNS", help="Run folders to show.")],
    *,
    form: Annotated[
        FormatName | None,
        typer.Option(
            "--format",
            show_default="terminal, or json with --json",
            help="Form of the tables; html is a page of its own.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", show_default="stdout", help="File to write the report to."
        ),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME",
            show_default="all",
            help="Show this table alone, such as scores; repeatable.",
        ),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            "--prices",
            metavar="FILE.toml",
            show_default="no costs",
            help="Prices of models, US dollars for a million tokens; adds a table of costs.",
        ),
    ] = None,
    with_truth: Annotated[
        bool,
        typer.Option(
            "--with-truth",
            help="Set every prediction against the truth, in html or json; do not publish it.",
        ),
    ] = False,
    diagnose: Annotated[
        bool,
        typer.Option(
            "--diagnose",
            help="Find out which step each IF attempt did not follow, by running near misses.",
        ),
    ] = False,
    output: Output,
) -> None:
    """Render runs as tables or as a page.

    Example: darebench report runs/a runs/b --format md
    """
    from darebench.report.render import render

    chosen = form or ("json" if output.as_json and out is None else "terminal")
    if output.as_json and out is None and chosen != "json":
        raise ConfigError(f"--json prints one JSON document, not {chosen}; name a file with --out")
    with show_progress(output.quiet) as progress:
        rendered = render(
            runs,
            chosen,
            with_truth=with_truth,
            diagnose=diagnose,
            tables=table or (),
            prices=prices,
            progress=progress,
        )
    for note in rendered.notes:
        output.note(note)
    if out is None:
        print(rendered.text, end="")
        return
    with written_whole(out) as part:
        part.write_text(rendered.text, encoding="utf-8")
    if output.as_json:
        left = [asdict(item) for item in rendered.left_out]
        shown = [str(folder) for folder in rendered.shown]
        print_json({"out": str(out), "format": chosen, "runs": shown, "left_out": left})
    else:
        output.note(f"written: {out}")
