"""The registry of report formats: `darebench report --format NAME`.

A new format is one module and one entry here. Its function takes results and returns text. Its
module is imported only when it writes, because the command line reads the names at every start.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darebench.report.load import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """A form in which runs are reported."""

    module: str
    function: str
    summary: str
    """One phrase for the documentation."""

    def write(self, results: Results) -> str:
        """Return the report of runs in this format."""
        return getattr(import_module(self.module), self.function)(results)


FORMATS = {
    "terminal": ReportFormat(
        module="darebench.report.terminal",
        function="as_terminal",
        summary="plain text for a terminal",
    ),
    "html": ReportFormat(
        module="darebench.report.page.run_page",
        function="as_page",
        summary="one self-contained page with every attempt",
    ),
    "md": ReportFormat(
        module="darebench.report.markdown",
        function="as_markdown",
        summary="tables in Markdown",
    ),
    "tex": ReportFormat(
        module="darebench.report.latex",
        function="as_latex",
        summary="tables in LaTeX, with booktabs",
    ),
    "csv": ReportFormat(
        module="darebench.report.delimited",
        function="as_csv",
        summary="every figure as a row of one long csv table",
    ),
    "json": ReportFormat(
        module="darebench.report.document",
        function="as_json",
        summary="every figure as a number in one JSON document",
    ),
}
"""Every format by the name that `darebench report --format` takes."""
