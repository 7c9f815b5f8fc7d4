"""Runs a whole curation: every table of a source, in parallel, resumable, the same bytes each time.

A finished table is one folder of `DIR/work`, renamed into place. When all are there, the store is
put together from them in the source's order, beside the ledger of refusals, and `work` goes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from joblib import delayed

from darebench.audit.near_duplicates import find_near_duplicates
from darebench.curate.design import RulesDesigner
from darebench.curate.language.ask import CALLS, Usage, read_usage
from darebench.curate.records import Refusal, Source, Stage, Unfinished, slug
from darebench.curate.sources import open_source
from darebench.curate.sources.folder import FolderSource
from darebench.curate.sources.remote import pin
from darebench.curate.table import Authors, Options, curate_table, read_record, read_refusals
from darebench.errors import ConfigError
from darebench.files import write_json
from darebench.parallel import Cluster, run_all
from darebench.store import layout
from darebench.store.read import open_store

CONFIG, LEDGER, STORE, WORK = "config.json", "ledger.jsonl", "store", "work"
UNFINISHED = "unfinished.jsonl"
TEST_SHARE = 0.05
"""Of the tables, the last updated ones (paper section 3)."""
TWIN_SHARE = 0.6
"""Of the smaller table's columns that another one has too, from which on both are one."""


class Report(Protocol):
    """Is told after each table how many of them are done, and how often what was refused."""

    def __call__(self, stage: str, done: int, total: int, /, refused: Mapping[str, int]) -> None:
        """Show it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """What a curation made."""

    store: Path
    n_tables: int
    n_tasks: int
    refused: tuple[Refusal, ...]
    """Whole tables only; the ledger has single targets too."""
    seconds: float
    usage: Usage
    """What models were asked, over all calls that made it."""


def curate(
    source_name: str,
    out: Path,
    *,
    options: Options | None = None,
    filters: Mapping[str, str] | None = None,
    authors: Authors | None = None,
    jobs: int = 1,
    cluster: Cluster = Cluster.LOCAL,
    limit: int | None = None,
    report: Report | None = None,
) -> Curation:
    """Make a store of a source's tables at `out/store`; the same call goes on where one stopped.

    Raises:
        ConfigError: there is no such source, or `out` holds another curation.
        SourceFault, ProviderFault: a site or a model's provider left tables unfinished.
    """
    started = time.monotonic()
    options, authors = options or Options(), authors or Authors(designer=RulesDesigner())
    source = open_source(source_name, filters)
    _refuse_inside(source, out)
    made_from = {"source": repr(source), "authors": repr(authors), "limit": limit}
    _claim(out, {**made_from, **asdict(options)})
    source = pin(source, out, limit=limit, licences=options.licences)
    keys = source.keys()[:limit]
    if not keys:
        raise ConfigError(f"{source_name} holds no table; put files or folders into it")
    units = list(zip(keys, _unique_slugs(keys), strict=True))
    if not (out / STORE).is_dir():
        work = (out / WORK).absolute()
        work.mkdir(exist_ok=True)
        _run(source, units, authors, options, work, (cluster, jobs), report)
        _assemble([name for _, name in units], out)
    shutil.rmtree(out / WORK, ignore_errors=True)
    return _summary(out, time.monotonic() - started)


def _refuse_inside(source: Any, out: Path) -> None:
    """Refuse to write where tables are read: what was made would be taken for a table."""
    if isinstance(source, FolderSource) and out.resolve().is_relative_to(source.folder.resolve()):
        raise ConfigError(f"{out} lies in the folder of tables; give another --out")


def _unique_slugs(keys: Sequence[str]) -> list[str]:
    given: dict[str, None] = {}
    for key in keys:
        base, number = slug(key), 2
        name = base
        while name in given:
            name, number = f"{base}-{number}", number + 1
        given[name] = None
    return list(given)


def _claim(out: Path, config: dict[str, Any]) -> None:
    """Make `out` this curation's folder, or find that it is."""
    text = json.dumps({"schema": 1, **config}, sort_keys=True)
    path = out / CONFIG
    if path.is_file():
        if json.dumps(json.loads(path.read_text()), sort_keys=True) != text:
            raise ConfigError(
                f"{out} holds a curation with other options ({path}); give another --out"
            )
        return
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} holds other files; give a new or empty folder to --out")
    out.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    write_json(json.loads(text), part)
    part.rename(path)


def _run(
    source: Source,
    units: Sequence[tuple[str, str]],
    authors: Authors,
    options: Options,
    work: Path,
    workers: tuple[Cluster, int],
    report: Report | None,
) -> None:
    """Curate what is not done yet.

    Raises:
        SourceFault, ProviderFault: some tables are unfinished; the others are done.
    """
    for leftover in work.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
    todo = [(key, name) for key, name in units if not (work / name).is_dir()]
    calls = [delayed(curate_table)(source, k, n, authors, options, work) for k, n in todo]
    unfinished: list[Unfinished] = []
    before = [read_refusals(work / name) for _, name in units if (work / name).is_dir()]
    refused = Counter(refusal.kind for refusals in before for refusal in refusals)
    for done, left in enumerate(run_all(calls, *workers), 1 + len(before)):
        if isinstance(left, Unfinished):
            unfinished.append(left)
        else:
            refused.update(refusal.kind for refusal in left.refusals)
        if report is not None:
            report("tables", done, len(units), refused=refused)
    _record_unfinished(unfinished, work.parent, len(units))


def _record_unfinished(unfinished: Sequence[Unfinished], out: Path, n_tables: int) -> None:
    """Write down what is unfinished, and stop if anything is."""
    path = out / UNFINISHED
    path.unlink(missing_ok=True)
    if not unfinished:
        return
    rows = sorted((left.table, str(left.fault)) for left in unfinished)
    lines = [json.dumps({"table": table, "reason": reason}) + "\n" for table, reason in rows]
    path.write_text("".join(lines), encoding="utf-8")
    message = f"{len(rows)} of {n_tables} tables are unfinished; the same command continues"
    raise type(unfinished[0].fault)(f"{message} ({rows[0][1]}; all of them: {path})")


def _assemble(names: Sequence[str], out: Path) -> None:
    """Link the datasets of all tables into one store; it appears whole or not at all."""
    part = out / f"{STORE}.part"
    shutil.rmtree(part, ignore_errors=True)
    (part / layout.DATABASES).mkdir(parents=True)
    records = {name: read_record(out / WORK / name) for name in names}
    twins = {
        name: f"it has the columns of {other}, under these names or others"
        for name, other in _same_columns(records).items()
    }
    twins |= _same_names({n: r for n, r in records.items() if n not in twins})
    single = {name: record for name, record in records.items() if name not in twins}
    _link_tables(single, out / WORK, part)
    every = [entry for record in single.values() for entry in record["entries"]]
    write_json(every, part / layout.QUESTIONS)
    twins |= _same_rows(single, part)
    tests = _test_tables([r for n, r in records.items() if n not in twins and r["entries"]])
    entries: list[dict[str, Any]] = []
    ledger: list[dict[str, str]] = []
    for name, record in records.items():
        if name in twins:
            ledger.append(Refusal(table=name, stage=Stage.TWIN, reason=twins[name]).as_dict())
            continue
        ledger += record["refusals"]
        split = "test" if name in tests else "train"
        entries += [{**entry, "split": split} for entry in record["entries"]]
    write_json(entries, part / layout.QUESTIONS)
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in ledger]
    (out / LEDGER).write_text("".join(lines), encoding="utf-8")
    part.rename(out / STORE)


def _same_names(records: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Find tables that make a dataset of an earlier one's name: `b-c` of `a`, and `c` of `a-b`."""
    holders: dict[str, str] = {}
    twins: dict[str, str] = {}
    for name, record in records.items():
        folders = [entry["file_path"] for entry in record["entries"]]
        taken = next((folder for folder in folders if folder in holders), None)
        if taken is None:
            holders |= dict.fromkeys(folders, name)
        else:
            twins[name] = f"its dataset {taken} has the name of one of {holders[taken]}; rename it"
    return twins


def _link_tables(records: Mapping[str, dict[str, Any]], work: Path, store: Path) -> None:
    for name, record in records.items():
        for entry in record["entries"]:
            folder = Path(layout.DATABASES, entry["file_path"])
            shutil.copytree(work / name / folder, store / folder, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _same_rows(records: Mapping[str, dict[str, Any]], store: Path) -> dict[str, str]:
    """Find tables that have rows of an earlier one, remove them, and say why."""
    table_of = {e["file_path"]: name for name, r in records.items() for e in r["entries"]}
    tasks = open_store(str(store)).tasks
    found = find_near_duplicates(tasks, forget=True)
    twins = {table_of[t.dataset]: found[t.cluster].message for t in tasks if t.cluster in found}
    for folder, name in table_of.items():
        if name in twins:
            shutil.rmtree(store / layout.DATABASES / folder)
    return twins


def _same_columns(records: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Find tables whose columns an earlier one has, and which one that is."""
    holders: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    twins: dict[str, str] = {}
    for name, record in records.items():
        if not record["entries"]:
            continue
        prints = record["fingerprint"]
        shared = Counter(holder for p in prints for holder in holders.get(p, ()))
        for holder, n_shared in shared.most_common():
            if n_shared >= 2 and n_shared >= TWIN_SHARE * min(len(prints), sizes[holder]):
                twins[name] = holder
                break
        if name not in twins:
            sizes[name] = len(prints)
            for p in prints:
                holders.setdefault(p, []).append(name)
    return twins


def _test_tables(records: Sequence[dict[str, Any]]) -> set[str]:
    """Choose the last updated tables; among equally old ones a hash decides."""

    def age(record: dict[str, Any]) -> tuple[str, str]:
        return record["updated"], hashlib.sha256(record["table"].encode()).hexdigest()

    ordered = sorted(records, key=age)
    n_train = len(ordered) - round(TEST_SHARE * len(ordered))
    return {record["table"] for record in ordered[n_train:]}


def _summary(out: Path, seconds: float) -> Curation:
    entries = json.loads((out / STORE / layout.QUESTIONS).read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (out / LEDGER).read_text(encoding="utf-8").splitlines()]
    refused = [
        Refusal(table=r["table"], stage=Stage(r["stage"]), reason=r["reason"])
        for r in rows
        if "target" not in r
    ]
    n_made = len({entry["source_ref"] for entry in entries})
    return Curation(
        store=out / STORE,
        n_tables=n_made + len({refusal.table for refusal in refused}),
        n_tasks=sum(len(entry.get("variants") or ("v1", "v2")) for entry in entries),
        refused=tuple(refused),
        seconds=seconds,
        usage=read_usage(out / CALLS),
    )
