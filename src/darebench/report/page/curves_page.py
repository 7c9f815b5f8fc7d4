"""The learning curves of training runs as a page, and their documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.report.load import METRICS, short_names
from darebench.report.page.documents import Documents
from darebench.report.page.index import empty_index
from darebench.report.page.static_page import static_page


def is_training(folder: Path) -> bool:
    """Check whether a folder is one of a training run."""
    return (folder / METRICS).is_file()


def curves_page(folders: Sequence[Path]) -> str:
    """Render training runs as a page; the same metrics give the same bytes.

    Raises:
        ConfigError: A file of metrics cannot be read.
    """
    names = short_names([folder.resolve() for folder in folders])
    index = empty_index() | {"trainings": [{"name": name} for name in names]}
    documents: Documents = {
        "index": lambda: index,
        **{f"training/{k}": partial(curves, folder) for k, folder in enumerate(folders)},
    }
    return static_page(f"Learning curves of {', '.join(names)}", documents)


def curves(folder: Path) -> dict[str, list[list[float]]]:
    """Return metric -> its steps and values, for every number that a trainer has written.

    Raises:
        ConfigError: The file of metrics cannot be read.
    """
    found: dict[str, list[list[float]]] = {}
    for row in read_rows(folder / METRICS):
        for name, value in row.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if name != "step" and is_number and value == value and abs(value) != float("inf"):
                found.setdefault(name, [[], []])[0].append(row["step"])
                found[name][1].append(value)
    return found


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the metrics that a trainer has written so far.

    Raises:
        ConfigError: A line is not a JSON object with a step.
    """
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            continue  # cut off by a kill
        try:
            row = json.loads(line)
            rows.append({**row, "step": int(row["step"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} line {number} is not a line of metrics: {error!r}") from None
    return rows
