"""Tables that are worked by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from runs import example

from darebench.report.load import load_run
from darebench.report.result_tables import all_tables, main_table


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


def test_the_main_table_is_worked_by_hand(run):
    table = main_table([load_run(run)])
    row = dict(zip(table.columns, table.rows[0], strict=True))
    # class-MM: task means 0.6 and 0.5; residuals +-0.05 in two clusters.
    error = math.sqrt(2 / 1 * (0.05**2 + 0.05**2)) / 2
    assert row["class-MM"] == f"55.00 ± {100 * error:.2f}"
    assert row["class-IF"] == "50.00"
    assert row["XF"] == "-"
    assert row["reg-MM"] == "-"
    # all: task means 0.6, 0.5, 0.5 in the clusters a (0.6, 0.5) and b.
    mean = 1.6 / 3
    error = math.sqrt(2 * ((1.1 - 2 * mean) ** 2 + (0.5 - mean) ** 2)) / 3
    assert row["all"] == f"{100 * mean:.2f} ± {100 * error:.2f}"
    assert (row["attempts"], row["unscored"], row["missing"]) == ("7", "1", "1")


def test_every_table_counts_what_is_unscored_and_missing(run):
    for table in all_tables([load_run(run)]):
        row = dict(zip(table.columns, table.rows[0], strict=True))
        assert (row["unscored"], row["missing"]) == ("1", "1"), table.title
