"""What questions call a column."""

from __future__ import annotations

from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.writing.column_labels import label_columns


def test_columns_are_named_by_meaning_only_where_that_is_clear():
    import pandas as pd

    meanings = {
        "a": "body mass index", "b": "number of visits in a year", "c": "number of visits in a year",
        "d": "1 if female", "e": "type",
    }  # fmt: skip
    frame = pd.DataFrame({name: [1.5, 2.5, 4] for name in meanings})
    raw = RawTable(title="", about="", licence="", updated="", frame=frame, descriptions=meanings)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    metadata = "\n".join(f"{k}: {v}" for k, v in meanings.items())
    assert label_columns(table, list(meanings), metadata) == {
        "a": "body mass index", "b": "`b`", "c": "`c`", "d": "`d`", "e": "`e`",
    }  # fmt: skip
