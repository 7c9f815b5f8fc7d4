"""`darebench view`."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.command import server_missing
from darebench.cli.output import Output
from darebench.errors import ConfigError

PORT = 8765


def view(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATHS",
            show_default="the current folder",
            help="Folders of runs, stores, curations and trainings, files of `darebench audit "
            "--json`, or folders that hold them.",
        ),
    ] = None,
    *,
    port: Annotated[
        int,
        typer.Option(
            "--port", min=0, max=65535, metavar="N", help="Port to listen on; 0 takes a free one."
        ),
    ] = PORT,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    with_truth: Annotated[
        bool,
        typer.Option("--with-truth", help="Set predictions against the truth where it is at hand."),
    ] = False,
    output: Output,
) -> None:
    """Show runs, stores, curations, audits and trainings on a page in the browser.

    Example: darebench view runs curation --open
    """
    try:
        from darebench.view.serve import serve
        from darebench.view.shelf import Shelf
    except ModuleNotFoundError as error:
        raise server_missing(error) from None
    given = paths or [Path()]
    gone = next((path for path in given if not path.exists()), None)
    if gone is not None:
        raise ConfigError(f"{gone} does not exist; give the folder of a run, a store or the like")
    shelf = Shelf(given, with_truth)
    shelf.look()

    def ready(url: str) -> None:
        print(json.dumps({"url": url}) if output.as_json else f"open {url}", flush=True)
        if browse:
            typer.launch(url)

    with suppress(KeyboardInterrupt):  # which is how one ends it
        serve(shelf, port, ready=ready)
