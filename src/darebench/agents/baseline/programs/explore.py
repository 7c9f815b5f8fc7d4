"""First call of the baseline: print what the task's files hold, as one JSON document.

    {"files": {name: {"tables": {table: {"rows": n, "columns": [
        {"name", "dtype", "n_unique", "n_missing", "examples": [..], "min", "max",
         "ranges": [those of the question that can be its own],
         "stated": [its values that the question states]}]}}}},
     "metadata": text}

The document is kept short, because the tool shows only so much of what is printed.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from darebench.agents.baseline.programs.task_files import read_tables

LIMIT = 18_000


def cut_off(values, low, high):
    """Count the values outside a range if all of them are what noise would be, else 0.

    Noise lies one to ten steps beyond an end of the stated range; true values reach further. A step
    is 1, or longer where the ends are so large that 1 could be lost in rounding.
    """
    outside = values[(values < low) | (values > high)].astype(float)
    if not 0 < len(outside) < len(values) / 2:
        return 0
    for step in {1.0, max(1.0, 1e-6 * max(abs(low), abs(high)))}:
        steps = np.maximum(low - outside, outside - high) / step
        whole = (steps - steps.round()).abs() <= (1e-3 if step == 1 else 1.01 / step)
        if (whole & steps.round().between(1, 10)).all():
            return len(outside)
    return 0


def fills(values, low, high):
    """Check whether the values inside a range reach up to its ends, and some lie outside."""
    inner = values[(values >= low) & (values <= high)]
    if not len(inner) or len(inner) == len(values):
        return False
    room = 0 if pd.api.types.is_integer_dtype(values.dtype) else 0.999
    return bool(inner.min() <= low + room and inner.max() >= high - room)


def fitting(values, ranges):
    """Choose the ranges that can be this column's: most noise is outside, or the rest fills it."""
    counts = {tuple(pair): cut_off(values, *pair) for pair in ranges}
    most = max(counts.values(), default=0)
    if most >= 0.02 * len(values):
        return [list(pair) for pair, count in counts.items() if count == most]
    return [list(pair) for pair in counts if fills(values, *pair)]


def describe(column, n_examples, settings):
    """Describe one column."""
    known = column.dropna()
    counts = known.astype(str).value_counts()
    facts = {
        "name": str(column.name),
        "dtype": str(column.dtype),
        "n_unique": len(counts),
        "n_missing": int(column.isna().sum()),
        "examples": [text[:40] for text in counts.index[:n_examples]],
    }
    if pd.api.types.is_numeric_dtype(column.dtype) and len(known):
        facts["min"], facts["max"] = float(known.min()), float(known.max())
        ranges = fitting(known, settings["ranges"])
        if ranges:
            facts["ranges"] = ranges
    elif settings["text"]:
        values = [text.strip() for text in counts.index[:500]]
        stated = [
            text
            for text in values
            if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", settings["text"])
        ]
        if stated:
            facts["stated"] = [text[:40] for text in stated[:12]]
    return facts


def main(settings):
    """Print the document, with fewer examples if it would be too long."""
    read = {
        name: read_tables(name)
        for name in settings["files"]
        if name.endswith((".csv", ".parquet", ".sqlite"))
    }
    texts = [name for name in settings["files"] if name.endswith(".txt")]
    metadata = "\n".join(Path(name).read_text(encoding="utf-8", errors="replace") for name in texts)
    for n_examples, n_text in ((5, 12000), (2, 9000), (1, 6000), (0, 4000), (0, 2000), (0, 500)):
        files = {
            name: {
                "tables": {
                    table: {
                        "rows": len(frame),
                        "columns": [
                            describe(frame[c], n_examples, settings) for c in frame.columns
                        ],
                    }
                    for table, frame in tables.items()
                }
            }
            for name, tables in read.items()
        }
        text = json.dumps({"files": files, "metadata": metadata[-n_text:]}, ensure_ascii=False)
        if len(text) <= LIMIT:
            break
    print(text)


if __name__ == "__main__":
    main(SETTINGS)  # noqa: F821 -- the line put before this text
