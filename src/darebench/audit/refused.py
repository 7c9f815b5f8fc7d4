"""Read from the ledger beside a curated store which likely targets were refused, and why.

A table that gave no task, or not the one that a person would ask for, is not in the store; what an
audit of the tasks alone cannot see stands in `ledger.jsonl`, which curation writes beside it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.audit.naturalness.evidence import Candidate
from darebench.audit.naturalness.page import Page
from darebench.audit.naturalness.verdicts import judge_candidates
from darebench.errors import StoreError

LEDGER = "ledger.jsonl"
MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedTargets:
    """The targets that were refused, as far as the ledger names them."""

    n_refused: int
    n_likely: int
    """Those that somebody would have asked for."""
    by_reason: Mapping[str, int]
    """Likely targets by reason, without names and figures, the most frequent first."""
    examples: Mapping[str, tuple[str, ...]]
    """Reason -> some of them, as `table: target`."""
    n_tables_lost: int
    """Tables from which nothing was made although a likely target was refused."""


def read_refused(store: Path, made: Iterable[str]) -> RefusedTargets | None:
    """Read the ledger of a store; None where there is none.

    Args:
        store: The store's folder.
        made: Slugs of the tables that the store has tasks of.

    Raises:
        StoreError: The ledger cannot be read.
    """
    path = store.parent / LEDGER
    if not path.is_file():
        return None
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        refusals = [row for row in rows if row.get("target")]
        columns = {row["table"]: _columns(row) for row in rows if "explanation" in row}
        likely = [row for row in refusals if _is_likely(row, columns.get(row["table"], {}))]
        reasons = [_kind(row["reason"]) for row in likely]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} cannot be read: {error!r}; remove it or curate again") from None
    examples: dict[str, tuple[str, ...]] = {}
    for row, reason in zip(likely, reasons, strict=True):
        known = examples.get(reason, ())
        if len(known) < MOST_EXAMPLES:
            examples[reason] = (*known, f"{row['table']}: {row['target']}")
    return RefusedTargets(
        n_refused=len(refusals),
        n_likely=len(likely),
        by_reason=dict(Counter(reasons).most_common()),
        examples=examples,
        n_tables_lost=len({row["table"] for row in likely} - {*made}),
    )


def _columns(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {column["name"]: column for column in row["explanation"].get("columns", ())}


def _is_likely(row: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> bool:
    """Check whether somebody would have asked for one of the targets, by name and description."""
    targets = [t for t in row["target"].split(", ") if t in columns] or [row["target"]]
    names = [*columns] if targets[0] in columns else targets
    said = {name: str(columns[name].get("description", "")).casefold() for name in columns}
    page = Page(title="", about="", asked=frozenset(), descriptions=said)
    candidates = [
        Candidate(
            name=name,
            others=[other for other in names if other != name],
            page=page,
            n_distinct=int(columns.get(name, {}).get("distinct", 0)),
            is_number=columns.get(name, {}).get("kind") == "number",
        )
        for name in names
    ]
    return any(judged.verdict.is_wanted for judged in judge_candidates(candidates, targets))


def _kind(reason: str) -> str:
    """Return a reason without what is its table's own."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d[\d.,]*%?", "…", reason.split(":")[0])[:60].strip()
