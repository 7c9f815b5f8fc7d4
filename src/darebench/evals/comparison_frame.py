"""How a notebook shows two runs side by side: as tables, and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def columns_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return the figures of two runs as a table, a row for each track and one for all."""
    import pandas as pd

    rows = []
    for name, column in columns.items():
        fields = asdict(column)
        low, high = fields.pop("interval") or (None, None)
        fields.pop("bootstrap")
        rows.append({"track": name, **fields, "low": low, "high": high})
    names = ["a", "b", "difference", "low", "high", "stderr", "p_value", "n_tasks", "n_clusters"]
    return pd.DataFrame(rows, columns=["track", *names, "wins", "ties", "losses", "note"])


def tasks_frame(tasks: Iterable[Any]) -> pd.DataFrame:
    """Return the tasks that two runs share as a table, flipped ones first."""
    import pandas as pd

    columns = ["id", "track", "a", "b", "difference", "flipped"]
    return pd.DataFrame([asdict(task) for task in tasks], columns=columns)


def comparison_html(title: str, warnings: Iterable[str], columns: Mapping[str, Any]) -> str:
    """Return a title, what is not alike, and the table of figures as HTML, escaped."""
    notes = "".join(f"<p><strong>Warning:</strong> {escape(text)}</p>" for text in warnings)
    shown = columns_frame(columns).to_html(index=False, na_rep="", float_format="{:.3f}".format)
    return f"<p>{escape(title)}</p>{notes}{shown}"
