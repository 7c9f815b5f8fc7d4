"""Tables that are worked by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scipy.stats import t as student

from darebench.report.load import load_run
from darebench.report.result_tables import (
    effort_table,
    failure_table,
    main_table,
    track_table,
    zero_table,
)
from darebench.report.tables import all_tables
from runs import attempt, example, write_run


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


def cells(table) -> dict[str, str]:
    return dict(zip(table.columns, table.texts[0], strict=True))


def test_the_main_table_is_worked_by_hand(run):
    table = main_table([load_run(run)])
    row = cells(table)
    # class-MM: task means 0.6, 0.5, 0.2 in three clusters.
    mean = 1.3 / 3
    error = math.sqrt(3 / 2 * sum((x - mean) ** 2 for x in (0.6, 0.5, 0.2))) / 3
    width = student.ppf(0.975, 2) * error
    low, high = max(0.0, 100 * (mean - width)), 100 * (mean + width)
    assert row["class-MM"] == f"{100 * mean:.1f} [{low:.1f}–{high:.1f}]"
    assert row["class-IF"] == "50.0*"
    assert row["reg-MM"] == "12.5*"
    assert row["XF"] == "-"
    assert row["reg-IF"] == "-"
    assert (row["attempts"], row["unscored"], row["missing"]) == ("11", "1", "1")
    assert table.note.splitlines()[1].startswith("* ")


def test_below_three_clusters_there_is_no_interval_but_a_footnote(tmp_path):
    for n in (1, 2, 3, 4):
        made = [attempt(f"{'abcd'[k]}_class/mm", 1, k / 4) for k in range(n)]
        table = track_table(load_run(write_run(tmp_path / str(n), made)))
        score = table.texts[0][1]
        assert ("[" in score) is (n >= 3)
        assert score.endswith("*") is (n < 3)
        assert ("\n* " in table.note) is (n < 3)


def test_a_table_without_a_mark_has_no_footnote(tmp_path):
    made = [attempt(f"{name}_class/mm", 1, k / 4) for k, name in enumerate("abcd")]
    table = main_table([load_run(write_run(tmp_path / "run", made))])
    assert "*" not in table.note
    assert not any("*" in cell for row in table.texts for cell in row)


def test_a_score_of_0_has_its_reason_and_an_example(run):
    table = zero_table([load_run(run)])
    by_reason = {row[1]: row[2:] for row in table.texts}
    assert by_reason["worse than mean"] == ("1", "d_reg/mm: y: R2 is -21.8")
    assert by_reason["instruction not followed"] == ("1", "a_class/if: 3 of 60 rows differ")
    assert sum(int(row[2]) for row in table.texts) == 3


def test_a_score_of_0_whose_reason_was_not_recorded_is_counted(tmp_path):
    run = write_run(tmp_path / "run", [attempt("a_class/mm", 1, 0.0)])
    assert zero_table([load_run(run)]).texts == (("run", "not recorded", "1", "a_class/mm"),)


def test_effort_shows_failed_calls_and_where_the_seconds_went(run):
    row = cells(effort_table([load_run(run)]))
    assert (row["calls"], row["calls: error, %"]) == ("1.0", "9.1")
    assert (row["attempts with a failed call"], row["of them recovered"]) == ("1", "1")
    assert (row["in the model"], row["in the tool"], row["in the queue"]) == ("7.0", "2.0", "1.0")


def test_failures_that_do_not_occur_have_no_column(run):
    row = cells(failure_table([load_run(run)]))
    assert row["worse than mean"] == "1"
    assert row["none"] == "7"
    assert "code error" not in row


def test_every_table_of_means_counts_what_is_unscored_and_missing(run):
    for name, table in all_tables([load_run(run)]).items():
        if name not in ("zeros", "published"):
            row = cells(table)
            assert "unscored" in row, name
            if "missing" in row:
                assert (row["unscored"], row["missing"]) == ("1", "1"), name
