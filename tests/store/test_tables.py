"""The reading rules of csv, parquet and sqlite."""

from __future__ import annotations

import pytest

from darebench.errors import TaskFormatError
from darebench.store.tables import read_table


def test_reading_rules_are_the_task_s(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\nNA,1\n,2\n")
    assert read_table(path)["x"].isna().tolist() == [False, True]
    (tmp_path / "b.sqlite").write_text("not a database")
    with pytest.raises(TaskFormatError, match="cannot be read"):
        read_table(tmp_path / "b.sqlite")
