"""The first rows of a file are those that reading it whole gives."""

from __future__ import annotations

import sqlite3

import pandas as pd
import pytest

from darebench.errors import TaskFormatError
from darebench.store.tables import read_head, read_table

FRAME = pd.DataFrame(
    {"row_id": range(9), "n": [1.5, None, *range(7)], "t": ["x", None, "NA", *"abcdef"]}
)


def write(path, frame):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        with sqlite3.connect(path) as connection:
            frame[["row_id", "n"]].to_sql("table_2", connection, index=False)
            frame[["row_id", "t"]].iloc[::-1].to_sql("table_10", connection, index=False)
        connection.close()
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".sqlite"])
@pytest.mark.parametrize("n", [1, 5, 9, 50])
def test_the_head_is_that_of_the_whole_table(tmp_path, suffix, n):
    path = write(tmp_path / f"a{suffix}", FRAME)
    whole = read_table(path)
    head = read_head(path, n)
    assert [*head.columns] == [*whole.columns]
    pd.testing.assert_frame_equal(head, whole.head(n), check_dtype=False)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".sqlite", ".xlsx"])
def test_what_is_missing_or_broken_is_refused_as_by_reading_it_whole(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    for content in (None, b"", b"\x00\xff broken"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(TaskFormatError) as whole:
            read_table(path)
        with pytest.raises(TaskFormatError) as head:
            read_head(path, 3)
        assert str(head.value).split(": ")[0] == str(whole.value).split(": ")[0]
