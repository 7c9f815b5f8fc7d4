"""The registry of tables: every format lays out the same rows.

A new table is one function of the runs and one entry here. A table without rows is left out: there
is nothing that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from darebench.errors import ConfigError
from darebench.report.load import LoadedRun, Results
from darebench.report.published import published_table
from darebench.report.repeat_tables import pass_at_k_table, reliability_table
from darebench.report.result_tables import (
    budgets_table,
    effort_table,
    failure_table,
    main_table,
    steps_table,
    strict_table,
    zero_table,
)
from darebench.report.store_tables import cost_table, domain_table, normalised_table
from darebench.report.table import ReportTable
from darebench.report.training_tables import halves_table, training_table


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKind:
    """A table that reports can show."""

    make: Callable[[Sequence[LoadedRun]], ReportTable]
    summary: str
    """One phrase for the documentation."""


TABLES = {
    "scores": TableKind(make=main_table, summary="scores by track, with 95 % intervals"),
    "training": TableKind(
        make=training_table, summary="of two runs or more: total score, performance of the models"
    ),
    "halves": TableKind(
        make=halves_table,
        summary="of two runs or more: instructions, modelling and forecasts, and their change",
    ),
    "budgets": TableKind(
        make=budgets_table, summary="of different budgets: scores by turns and seconds"
    ),
    "normalised": TableKind(
        make=normalised_table,
        summary="scores between floor and reference, where the store records them",
    ),
    "domains": TableKind(make=domain_table, summary="scores by domain, where the store has them"),
    "pass@k": TableKind(make=pass_at_k_table, summary="of several attempts: pass@k by track"),
    "reliability": TableKind(
        make=reliability_table,
        summary="of several attempts: tasks solved always, sometimes, never",
    ),
    "failures": TableKind(make=failure_table, summary="failures by class"),
    "zeros": TableKind(make=zero_table, summary="scores of 0 by their reason, with an example"),
    "steps": TableKind(make=steps_table, summary="with `--diagnose`: steps not followed"),
    "effort": TableKind(make=effort_table, summary="calls and how they ended, seconds, tokens"),
    "cost": TableKind(make=cost_table, summary="with `--prices`: tokens, calls, hours, US dollars"),
    "strict": TableKind(make=strict_table, summary="scores by the public release's rule"),
    "published": TableKind(make=published_table, summary="the paper's scores, of other tasks"),
}
"""Every table by the name that `darebench report --table` takes."""


def tables_of(results: Results) -> dict[str, ReportTable]:
    """Return the tables that a report is asked for, by name; without a wish all that have rows.

    Raises:
        ConfigError: A table is unknown, or has no rows for these runs.
    """
    check_names(results.tables)
    wanted = {name: TABLES[name].make(results.runs) for name in results.tables}
    for name, table in wanted.items():
        if not table.rows:
            raise ConfigError(
                f"the table {name!r} ({TABLES[name].summary}) has no rows for these runs"
            )
    return wanted or all_tables(results.runs)


def check_names(names: Sequence[str]) -> None:
    """Check that there are tables of some names.

    Raises:
        ConfigError: One is unknown.
    """
    for name in names:
        if name not in TABLES:
            raise ConfigError(f"there is no table {name!r}; use one of {', '.join(TABLES)}")


def all_tables(runs: Sequence[LoadedRun]) -> dict[str, ReportTable]:
    """Return every table that has rows for some runs, by name."""
    made = {name: kind.make(runs) for name, kind in TABLES.items()}
    return {name: table for name, table in made.items() if table.rows}
