"""Tables in a terminal of 80 columns."""

from __future__ import annotations

from darebench.report.result_tables import ReportTable
from darebench.report.terminal import as_text

NAMES = tuple(f"a long column {n}" for n in range(10))


def test_a_table_that_is_too_wide_is_turned():
    values = tuple(f"value {n}" for n in range(10))
    text = as_text(ReportTable(title="Wide", note="", columns=NAMES, rows=(values,)))
    assert max(map(len, text.splitlines())) <= 80
    assert all(word in text for word in (*NAMES, *values))


def test_a_narrow_table_is_left_alone():
    table = ReportTable(title="Narrow", note="", columns=("run", "all"), rows=(("a", "1"),))
    head = as_text(table).splitlines()[2]
    assert "run" in head
    assert "all" in head
