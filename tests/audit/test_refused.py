"""Likely targets that the ledger beside a store says were refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darebench.audit.refused import read_refused
from darebench.errors import StoreError


def ledger(folder: Path, *rows: dict) -> Path:
    (folder / "ledger.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    store = folder / "store"
    store.mkdir()
    return store


def refusal(table: str, target: str, reason: str) -> dict:
    return {"table": table, "target": target, "stage": "design", "reason": reason}


def explained(table: str, **descriptions: str) -> dict:
    columns = [
        {"name": name, "role": "feature", "kind": "number", "distinct": 40, "description": text}
        for name, text in descriptions.items()
    ]
    return {"table": table, "explanation": {"columns": columns}}


def test_likely_targets_are_counted_by_reason(tmp_path):
    store = ledger(
        tmp_path,
        refusal("homes", "price", "nothing to win: a quick model scores 0.1, a constant 0.0"),
        refusal("homes", "year", "nothing to win: a quick model scores 0.2, a constant 0.0"),
        refusal("cars", "mpg", "nothing to win: a quick model scores 0.3, a constant 0.2"),
        refusal("cars", "maker_id", "it has 40 classes"),
        {"table": "empty", "stage": "profile", "reason": "3 rows are left"},
        explained("homes", price="sale price", year="year of the sale", rooms="number of rooms"),
    )
    found = read_refused(store, ["cars"])
    assert found is not None
    assert (found.n_refused, found.n_likely, found.n_tables_lost) == (4, 2, 1)
    assert dict(found.by_reason) == {"nothing to win": 2}
    assert found.examples == {"nothing to win": ("homes: price", "cars: mpg")}


def test_a_store_without_a_ledger_says_nothing(tmp_path):
    assert read_refused(tmp_path / "store", []) is None


@pytest.mark.parametrize(
    "text", ["{", '["a"]', '{"target": "x"}', '{"target": 3, "table": "a", "reason": "b"}']
)
def test_a_broken_ledger_is_named(tmp_path, text):
    (tmp_path / "ledger.jsonl").write_text(text + "\n")
    with pytest.raises(StoreError, match=r"ledger\.jsonl"):
        read_refused(tmp_path / "store", [])
