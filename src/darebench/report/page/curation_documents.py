"""The documents of a curation: what became of each table, and what `--explain` says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from darebench.curate.assemble import LEDGER, STORE
from darebench.curate.record_wire import EXPLAINED
from darebench.errors import ConfigError
from darebench.report.page.documents import Documents
from darebench.store.read import open_store


def is_curation(folder: Path) -> bool:
    """Check whether a folder is one of a curation that has ended."""
    return (folder / LEDGER).is_file() and (folder / STORE).is_dir()


def curation_documents(number: int, tables: Mapping[str, dict[str, Any]]) -> Documents:
    """Return the documents of the curation with this number, by name.

    Args:
        number: Its place among the curations of the page.
        tables: What `read_tables` has read of it.
    """
    found: dict[str, Callable[[], object]] = {
        f"curation/{number}": lambda: [_row(name, said) for name, said in tables.items()]
    }
    for place, said in enumerate(tables.values()):
        found[f"curation/{number}/{place}"] = partial(dict, said)
    return found


def read_tables(folder: Path) -> dict[str, dict[str, Any]]:
    """Return table -> its tasks, refusals and explanation, by name.

    Raises:
        ConfigError: The ledger cannot be read.
        StoreError: The store cannot be read.
    """
    tables: dict[str, dict[str, Any]] = {}

    def entry(name: str) -> dict[str, Any]:
        return tables.setdefault(name, {"tasks": [], "refusals": [], "explanation": None})

    path = folder / LEDGER
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if EXPLAINED in row:
                entry(str(row["table"]))["explanation"] = row[EXPLAINED]
            else:
                entry(str(row["table"]))["refusals"].append(row)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read ({error})") from None
    for task in open_store(folder / STORE).tasks:
        entry(task.cluster.rpartition("/")[2])["tasks"].append(task.id)
    return dict(sorted(tables.items()))


def _row(name: str, said: dict[str, Any]) -> dict[str, Any]:
    whole = [row for row in said["refusals"] if not row.get("target")]
    why = (whole or said["refusals"] or [{}])[0] if not said["tasks"] else {}
    return {
        "table": name,
        "tasks": len(said["tasks"]),
        "refused": sum(bool(row.get("target")) for row in said["refusals"]),
        "stage": why.get("stage"),
        "reason": why.get("reason"),
        "explained": said["explanation"] is not None,
    }
