"""Indexes that pandas stored, and sheets as people lay them out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.reading.stored import read_parquet
from darebench.curate.reading.workbook import read_workbook

FRAME = pd.DataFrame({"rain": np.arange(40) / 8, "kind": ["dry", "wet"] * 20})
DAYS = pd.date_range("2020-01-01", periods=40)


@pytest.mark.parametrize(("name", "column"), [("day", "day"), (None, "index")])
def test_an_index_of_times_is_a_column(tmp_path, name, column):
    FRAME.set_index(DAYS.rename(name)).to_parquet(tmp_path / "t.parquet")
    frame = read_parquet(tmp_path / "t.parquet").frame
    assert list(frame.columns) == [column, "rain", "kind"]
    assert frame[column].tolist() == list(DAYS)


def test_two_levels_of_an_index_are_two_columns(tmp_path):
    levels = pd.MultiIndex.from_product([["a", "b"], range(20)], names=["shop", "week"])
    FRAME.set_index(levels).to_parquet(tmp_path / "t.parquet")
    assert list(read_parquet(tmp_path / "t.parquet").frame) == ["shop", "week", "rain", "kind"]


@pytest.mark.parametrize("index", [None, [9, 3, *range(100, 138)]])
def test_an_index_that_counts_rows_is_none(tmp_path, index):
    frame = FRAME if index is None else FRAME.set_index(pd.Index(index))
    frame.to_parquet(tmp_path / "t.parquet")
    assert list(read_parquet(tmp_path / "t.parquet").frame) == ["rain", "kind"]


LAYOUTS = {
    "plain": (0, 0, []),
    "below a title": (3, 0, [(0, 0, "Rain of the district")]),
    "beside a margin": (2, 2, [(0, 2, "Rain")]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("footer", ["", "Source: the office"])
def test_a_table_is_found_in_a_sheet(tmp_path, layout, footer):
    top, left, cells = LAYOUTS[layout]
    path = tmp_path / "t.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        FRAME.assign(day=DAYS).to_excel(
            writer, sheet_name="Data", startrow=top, startcol=left, index=False
        )
        pd.DataFrame({"notes": ["made in spring"]}).to_excel(
            writer, sheet_name="Notes", index=False
        )
        sheet = writer.sheets["Data"]
        for row, column, text in cells:
            sheet.cell(row + 1, column + 1, text)
        if footer:
            sheet.cell(top + 43, left + 1, footer)
    read = read_workbook(path)
    assert list(read.frame.columns) == ["rain", "kind", "day"]
    assert read.frame["rain"].tolist() == FRAME["rain"].tolist()
    assert read.frame["day"].tolist() == list(DAYS)
    assert "sheet 'Notes' is left out" in read.reading.notes
