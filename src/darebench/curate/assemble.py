"""Assembles a store from the tables that are done, without near-duplicates."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from darebench.audit.near_duplicates import find_near_duplicates
from darebench.curate.column_prints import are_twins
from darebench.curate.record_wire import read_record, write_ledger, write_questions
from darebench.curate.records import DatasetEntry, Refusal, Stage, TableRecord
from darebench.store import layout
from darebench.store.read import open_store

LEDGER, STORE, WORK = "ledger.jsonl", "store", "work"
TEST_SHARE = 0.05
"""Share of the tables that are for test, the last updated ones (paper section 3)."""


def assemble(names: Sequence[str], out: Path) -> None:
    """Link the datasets of all tables into one store; it appears whole or not at all.

    Args:
        names: Slugs of the tables, in the source's order.
        out: The curation's folder.
    """
    part = out / f"{STORE}.part"
    shutil.rmtree(part, ignore_errors=True)
    (part / layout.DATABASES).mkdir(parents=True)
    records = {name: read_record(out / WORK / name) for name in names}
    left_out = {
        name: f"it has the columns of {other}, under these names or others"
        for name, other in _same_columns(records).items()
    }
    left_out |= same_names({n: r for n, r in records.items() if n not in left_out})
    single = {name: record for name, record in records.items() if name not in left_out}
    _link_tables(single, out / WORK, part)
    write_questions([entry for record in single.values() for entry in record.entries], part)
    left_out |= _same_rows(single, part)
    tests = _test_tables([r for n, r in records.items() if n not in left_out and r.entries])
    entries: list[DatasetEntry] = []
    ledger: list[Refusal] = []
    for name, record in records.items():
        if name in left_out:
            reason = left_out[name]
            ledger.append(Refusal(table=name, stage=Stage.NEAR_DUPLICATE, reason=reason))
            continue
        ledger += record.refusals
        split = "test" if name in tests else "train"
        entries += [replace(entry, split=split) for entry in record.entries]
    write_questions(entries, part)
    explained = {n: r.explanation for n, r in records.items() if r.explanation is not None}
    write_ledger(ledger, out / LEDGER, explained)
    part.rename(out / STORE)


def same_names(records: Mapping[str, TableRecord]) -> dict[str, str]:
    """Find tables that make a dataset of an earlier one's name: `b-c` of `a`, and `c` of `a-b`."""
    holders: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name, record in records.items():
        folders = [entry.folder for entry in record.entries]
        taken = next((folder for folder in folders if folder in holders), None)
        if taken is None:
            holders |= dict.fromkeys(folders, name)
        else:
            left_out[name] = (
                f"its dataset {taken} has the name of one of {holders[taken]}; rename it"
            )
    return left_out


def _link_tables(records: Mapping[str, TableRecord], work: Path, store: Path) -> None:
    for name, record in records.items():
        for entry in record.entries:
            folder = Path(layout.DATABASES, entry.folder)
            shutil.copytree(work / name / folder, store / folder, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _same_rows(records: Mapping[str, TableRecord], store: Path) -> dict[str, str]:
    """Find tables that have rows of an earlier one, remove them, and say why."""
    table_of = {entry.folder: name for name, r in records.items() for entry in r.entries}
    tasks = open_store(str(store)).tasks
    found = find_near_duplicates(tasks, forget=True)
    left_out = {table_of[t.dataset]: found[t.cluster].message for t in tasks if t.cluster in found}
    for folder, name in table_of.items():
        if name in left_out:
            shutil.rmtree(store / layout.DATABASES / folder)
    return left_out


def _same_columns(records: Mapping[str, TableRecord]) -> dict[str, str]:
    """Find tables whose columns an earlier one has, and which one that is."""
    holders: dict[str, list[str]] = {}
    known: dict[str, frozenset[str]] = {}
    left_out: dict[str, str] = {}
    for name, record in records.items():
        if not record.entries:
            continue
        prints = frozenset(record.fingerprint)
        shared = Counter(holder for p in prints for holder in holders.get(p, ()))
        twins = (other for other, _ in shared.most_common() if are_twins(prints, known[other]))
        twin = next(twins, None)
        if twin is not None:
            left_out[name] = twin
            continue
        known[name] = prints
        for p in prints:
            holders.setdefault(p, []).append(name)
    return left_out


def _test_tables(records: Sequence[TableRecord]) -> set[str]:
    """Choose the last updated tables; among equally old ones a hash decides."""

    def age(record: TableRecord) -> tuple[str, str]:
        return record.updated, hashlib.sha256(record.table.encode()).hexdigest()

    ordered = sorted(records, key=age)
    n_train = len(ordered) - round(TEST_SHARE * len(ordered))
    return {record.table for record in ordered[n_train:]}
