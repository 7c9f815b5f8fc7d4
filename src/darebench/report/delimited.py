"""Tables as csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from darebench.report.load import LoadedRun
from darebench.report.result_tables import ReportTable, all_tables


def as_csv(runs: Sequence[LoadedRun]) -> str:
    """Return the tables of runs as csv, an empty line between two, each title in a first column."""
    return "\n".join(map(_table, all_tables(runs)))


def _table(table: ReportTable) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("table", *table.columns))
    writer.writerows((table.title, *row) for row in table.rows)
    return stream.getvalue()
