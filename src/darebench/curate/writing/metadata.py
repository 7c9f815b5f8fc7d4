"""Writes a dataset's `metadata.txt` and gives it a domain."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from darebench.curate.records import Table

DOMAINS = {
    "finance": "bank|loan|credit|stock|price|market|invest|income|wage|econom|gdp|inflation|tax|"
    "mortgage|exchange rate|consumption|debt",
    "health": "health|patient|disease|medical|clinical|cancer|hospital|blood|drug|treatment|"
    "mortality|diabet|smok|infant|birth weight|trial|dose",
    "business": "sales|customer|firm|product|company|retail|marketing|employ|restaurant|hotel",
    "environment": "species|plant|animal|climate|weather|temperature|pollution|ozone|soil|forest|"
    "rain|water|bird|fish|tree|river|earthquake|ocean",
    "automotive": "car|cars|vehicle|automobile|mpg|engine|fuel|traffic|accident",
    "technology": "software|computer|internet|network|email|spam|web|phone|device",
    "education": "school|student|education|teacher|university|college|exam|course|grade",
}
OTHER = "other"
_ABOUT_SHARE = 9_000


def write_metadata(table: Table, columns: Sequence[str]) -> str:
    """Write what the agent reads about the data: the source's text, then each column."""
    raw = table.raw
    parts = [raw.title, raw.about[:_ABOUT_SHARE], f"Licence: {raw.licence}.", "Columns:"]
    lines = [_column_line(name, table) for name in columns]
    return "\n\n".join(part for part in parts if part) + "\n" + "\n".join(lines) + "\n"


def _column_line(name: str, table: Table) -> str:
    meaning = table.describe(name)
    if meaning:
        return f"{name}: {meaning}"
    kind = "number" if pd.api.types.is_numeric_dtype(table.frame[name]) else "category"
    return f"{name} ({kind})"


def find_domain(table: Table) -> str:
    """Choose the domain whose words the page uses most; the title counts five times."""
    raw = table.raw
    title = " ".join([raw.title, *raw.keywords]).lower()
    text = " ".join([raw.about.lower(), *raw.descriptions.values()]).lower()
    points = {
        name: 5 * len(re.findall(rf"\b(?:{words})", title))
        + len(re.findall(rf"\b(?:{words})", text))
        for name, words in DOMAINS.items()
    }
    best = max(points, key=lambda name: points[name])
    return best if points[best] >= 2 else OTHER
