"""Reads spreadsheets; the sheet with the largest table counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from darebench.curate.reading.evidence import Reading, ReadTable
from darebench.curate.reading.header import FIRST_ROWS, find_header, header_at
from darebench.curate.reading.leftovers import Leftovers
from darebench.curate.reading.sample import sample, unique
from darebench.curate.told import near
from darebench.errors import CurationReject
from darebench.installing import install_command


def read_workbook(path: Path, sheet: str = "", header_row: int | None = None) -> ReadTable:
    """Read one sheet of a workbook.

    Args:
        path: The file.
        sheet: Its name; empty for the largest one.
        header_row: Counted from 1, 0 for none; None to find it.

    Raises:
        CurationReject: It holds no table, or the package that reads it is not installed.
    """
    try:
        from python_calamine import CalamineError
    except ImportError:
        raise CurationReject(
            f"{path.name} needs python-calamine: {install_command(extra='excel')}"
        ) from None
    try:
        sheets: dict[Any, pd.DataFrame] = pd.read_excel(
            path,
            sheet_name=None,
            engine="calamine",
            header=None,
            keep_default_na=False,
            na_values=[""],
        )
    except CalamineError as error:
        raise CurationReject(f"{path.name} cannot be read: {error}") from None
    cut = {name: _trimmed(sheet) for name, sheet in sheets.items()}
    main = max(cut, key=lambda name: int(cut[name].notna().to_numpy().sum()), default=None)
    if sheet and sheet not in cut:
        raise CurationReject(f"{path.name} has no sheet {sheet!r}{near(sheet, map(str, cut))}")
    main = sheet or main
    if main is None or cut[main].empty:
        raise CurationReject(f"{path.name} holds no sheet with a table")
    cells = cut[main]
    rows = [_texts(row) for row in cells.head(2 * FIRST_ROWS).itertuples(index=False)]
    header = find_header(rows) if header_row is None else header_at(rows, header_row)
    left = Leftovers(header.names)
    left.add_above(rows, header)
    body = cells.iloc[header.first :].reset_index(drop=True)
    frame, remarks = sample(left.clear([body]))
    frame.columns = unique(list(header.names))
    others = tuple(f"sheet {name!r} is left out" for name in cut if name != main)
    reading = Reading(
        container=f"{path.suffix.lower().lstrip('.')}, sheet {main!r}",
        header=header,
        left_out=left.found,
        remarks=(*remarks, *others),
    )
    return ReadTable(frame=frame.infer_objects(), reading=reading)


def _trimmed(sheet: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns without a cell, which stand beside tables."""
    kept = sheet.loc[:, sheet.notna().any(axis=0)]
    return kept.set_axis(range(kept.shape[1]), axis=1)


def _texts(row: Sequence[Any]) -> list[str]:
    """Write the cells of a row as text would have them; a blank row is an empty list."""
    texts = ["" if pd.isna(cell) else _text(cell) for cell in row]
    return texts if any(texts) else []


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
