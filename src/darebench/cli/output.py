"""How a command prints: the result on stdout, everything beside it on stderr."""

from __future__ import annotations

import json
import logging
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

import darebench

_log = logging.getLogger(__name__)


def _start_logging(on: bool) -> bool:
    """Send the log of darebench, and of the client that asks servers, to stderr."""
    if on:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        for name in ("darebench", "httpx"):
            logger = logging.getLogger(name)
            logger.setLevel(logging.INFO)
            logger.addHandler(handler)
            logger.propagate = False
        version = f"{darebench.__version__}, Python {platform.python_version()}"
        _log.info("darebench %s in %s", version, Path.cwd())
    return on


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The options that every command has."""

    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON document.")
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print only the result: no progress and no notes.")
    ] = False
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            is_eager=True,
            callback=_start_logging,
            help="Write a log to stderr.",
        ),
    ] = False

    def note(self, text: str) -> None:
        """Print something beside the result on stderr: one line, which a terminal shows in several.

        Programs that read what a pipe holds find a note in each line.
        """
        if self.quiet:
            return
        if sys.stderr.isatty():
            from darebench.report.terminal import fill

            text = fill(text, indent="  ")
        print(text, file=sys.stderr)


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def print_fields(fields: Mapping[str, object], *, as_json: bool) -> None:
    """Print a flat result: one JSON document, or a line for each field."""
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        print_line(f"{name}: {in_words(value)}")


def print_line(text: str) -> None:
    """Print a line; what is longer than 80 columns goes on below, indented."""
    from darebench.report.terminal import fill

    print(fill(text, indent="  "))


def in_words(value: object) -> str:
    """Return a value of a field as text: names with their values, or items, by commas."""
    if isinstance(value, Mapping):
        items = [f"{key} {_item(item)}" for key, item in value.items()]
        return ", ".join(items) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _item(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
