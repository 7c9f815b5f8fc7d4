"""Name what a reader is told of a task's table files: the names and types of their columns.

The keys are those of the JSON document that the scripted agent's first call prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    import pandas as pd


class ColumnFacts(TypedDict):
    """What is known of one column."""

    name: str
    dtype: str
    ranges: NotRequired[list[list[float]]]
    """Low and high of each range of the question that its values can have been filtered by."""
    stated: NotRequired[list[str]]
    """Its values that the question names."""


class TableFacts(TypedDict):
    """What is known of one table."""

    columns: list[ColumnFacts]


class FileFacts(TypedDict):
    """What is known of one file: its tables by name, which is empty but in sqlite."""

    tables: dict[str, TableFacts]


class Facts(TypedDict):
    """What is known of a task's files."""

    files: dict[str, FileFacts]
    """By name."""
    metadata: str
    """The text that describes the columns."""


def file_facts(train: pd.DataFrame, val: pd.DataFrame, names: tuple[str, str], text: str) -> Facts:
    """Describe two table files and their description as the scripted agent's first call does.

    Args:
        train: The training table.
        val: The table of the rows to predict.
        names: The names of their files.
        text: The text that describes the columns.
    """
    files: dict[str, FileFacts] = {
        name: {"tables": {"": {"columns": _columns(frame)}}}
        for name, frame in zip(names, (train, val), strict=True)
    }
    return {"files": files, "metadata": text}


def _columns(frame: pd.DataFrame) -> list[ColumnFacts]:
    return [{"name": str(n), "dtype": str(frame[n].dtype)} for n in frame.columns]
