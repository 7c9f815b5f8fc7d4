"""Writes a dataset's `metadata.txt`, and cleans its title."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pandas as pd

from darebench.curate.records import Table

_SUFFIX = re.compile(
    r"(?:\.(?:csv|tsv|txt|dat|data|xlsx?|ods|json|jsonl|ndjson|parquet|feather|sqlite|db|rda|rdata|"
    r"rds|arff|zip|gz|bz2|xz))+$",
    re.IGNORECASE,
)
_ABOUT_SHARE = 9_000


def write_metadata(table: Table, columns: Sequence[str]) -> str:
    """Write what the agent reads about the data: the source's text, then each column."""
    raw = table.raw
    parts = [
        clean_title(raw.title),
        raw.about[:_ABOUT_SHARE],
        f"Licence: {raw.licence}.",
        "Columns:",
    ]
    lines = [_column_line(name, table) for name in columns]
    return "\n\n".join(part for part in parts if part) + "\n" + "\n".join(lines) + "\n"


def _column_line(name: str, table: Table) -> str:
    meaning = table.describe(name)
    if meaning:
        return f"{name}: {meaning}"
    kind = "number" if pd.api.types.is_numeric_dtype(table.frame[name]) else "category"
    return f"{name} ({kind})"


def clean_title(title: str) -> str:
    """Return a title without markup, entities and the suffix of a file.

    Examples:
        >>> clean_title("House&nbsp;prices in <em>Ames</em>.csv")
        'House prices in Ames'
    """
    plain = re.sub(r"<[^<>]*>", "", html.unescape(title))
    plain = re.sub(r"\\\w+\{([^{}]*)\}|\[([^\[\]]*)\]\([^()]*\)", r"\1\2", plain)
    plain = " ".join(re.sub(r"[`*{}\\“”\"]|(?<!\w)_+|_+(?!\w)", "", plain).split())
    return _SUFFIX.sub("", plain).strip(" .,:;")
