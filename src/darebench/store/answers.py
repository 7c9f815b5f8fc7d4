"""Check at a glance that a dataset's answer can be one, without reading it all."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.store.layout import ROW_ID

_GLANCE = 1 << 16
"""Bytes of an answer that are looked at; a header is far shorter."""


def check_answer(path: Path, targets: Sequence[str], *, by_row: bool) -> None:
    """Check that an answer file is there, has its columns, and has a row.

    Args:
        path: The file of true values.
        targets: Columns that it must have.
        by_row: Whether its rows are named by `row_id`; else by all columns but the targets.

    Raises:
        TaskFormatError: The file is missing, cannot be read, or cannot be the answer.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(_GLANCE)
    except FileNotFoundError:
        raise TaskFormatError(f"{path} is missing; fetch the store again") from None
    except OSError as error:
        raise TaskFormatError(f"{path} cannot be read: {error.strerror}") from None
    text = start.decode("utf-8-sig", errors="replace")
    try:
        rows = csv.reader(io.StringIO(text, newline=""))
        header = [name.strip() for name in next(rows, [])]
        first = next(rows, None)
    except csv.Error as error:
        raise TaskFormatError(f"{path} is not csv: {error}") from None
    keys = [ROW_ID] if by_row else [name for name in header if name not in targets]
    for name in (*targets, *(keys or ["of a key"])):
        if name.strip() not in header:
            raise TaskFormatError(f"{path} has no column {name!r}; fetch or write the store again")
    if first is None and len(start) < _GLANCE:
        raise TaskFormatError(f"{path} has no row; fetch or write the store again")
