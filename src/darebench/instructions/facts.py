"""What a reader is told of two table files: names and dtypes of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def file_facts(
    train: pd.DataFrame, val: pd.DataFrame, names: tuple[str, str], text: str
) -> dict[str, Any]:
    """Describe two files as the baseline's first call does."""
    files = {
        name: {"tables": {"": {"columns": _columns(frame)}}}
        for name, frame in zip(names, (train, val), strict=True)
    }
    return {"files": files, "metadata": text}


def _columns(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{"name": str(n), "dtype": str(frame[n].dtype)} for n in frame.columns]
