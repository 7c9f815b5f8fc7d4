"""Tables as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from darebench.report.load import LoadedRun
from darebench.report.result_tables import all_tables

SCHEMA = 1


def as_json(runs: Sequence[LoadedRun]) -> str:
    """Return the tables of runs as one JSON document; the cells are the texts of other forms."""
    value = {"schema": SCHEMA, "tables": [asdict(table) for table in all_tables(runs)]}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
