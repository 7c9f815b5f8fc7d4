"""All figures as one long csv table: a row for each number, whatever it is about."""

from __future__ import annotations

import csv
import io

from darebench.errors import ConfigError
from darebench.report.figures import groups
from darebench.report.load import Results
from darebench.report.tables import tables_of

COLUMNS = (
    "run", "model", "track", "task", "metric", "value", "unit", "low", "high", "bootstrap_low",
    "bootstrap_high", "n_tasks", "n_clusters", "note",
)  # fmt: skip


def as_csv(results: Results) -> str:
    """Return the figures of runs as csv, or the numbers of the table that is asked for.

    An empty cell is a number that there is not.

    Raises:
        ConfigError: More than one table is asked for.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if len(results.tables) > 1:
        raise ConfigError("a csv file holds one table; give one --table")
    if results.tables:
        (table,) = tables_of(results).values()
        columns, rows = table.values()
        writer.writerows([columns, *rows])
        return stream.getvalue()
    writer.writerow(COLUMNS)
    for run in results.runs:
        for group in groups(run):
            about = (group.run, group.model, group.track, group.task)
            for f in group.figures.values():
                ends = (f.low, f.high, f.bootstrap_low, f.bootstrap_high)
                made_of = (group.n_tasks, group.n_clusters, f.note)
                writer.writerow((*about, f.metric, f.value, f.unit, *ends, *made_of))
    return stream.getvalue()
