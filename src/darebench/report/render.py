"""Render runs in any of the formats; a new one is a module with a function, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from darebench.errors import ConfigError
from darebench.report.delimited import as_csv
from darebench.report.document import as_json
from darebench.report.latex import as_latex
from darebench.report.load import LoadedRun, load_run
from darebench.report.markdown import as_markdown
from darebench.report.page.curves_page import curves_page, is_training
from darebench.report.page.run_page import as_page
from darebench.report.terminal import as_terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """A form in which runs are reported."""

    write: Callable[[Sequence[LoadedRun]], str]
    summary: str
    """One phrase for the documentation."""


FORMATS = {
    "terminal": ReportFormat(write=as_terminal, summary="plain text for a terminal"),
    "html": ReportFormat(write=as_page, summary="one self-contained page with every attempt"),
    "md": ReportFormat(write=as_markdown, summary="tables in Markdown"),
    "tex": ReportFormat(write=as_latex, summary="tables in LaTeX, with booktabs"),
    "csv": ReportFormat(write=as_csv, summary="tables as csv, the title in the first column"),
    "json": ReportFormat(write=as_json, summary="tables as one JSON document"),
}
"""Every format by the name that `darebench report --format` takes."""


def render(folders: Sequence[Path], form: str) -> str:
    """Render runs in one of `FORMATS`; training runs are rendered as html only.

    Raises:
        ConfigError: The format is unknown, or a folder is not a run folder.
    """
    training = [folder for folder in folders if is_training(folder)]
    if training:
        if form != "html" or len(training) < len(folders):
            raise ConfigError(
                f"{training[0]} is a training run, whose curves are a page of their own: give only "
                "such folders, and --format html"
            )
        return curves_page(training)
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}; use one of {', '.join(FORMATS)}")
    return FORMATS[form].write([load_run(folder) for folder in folders])
