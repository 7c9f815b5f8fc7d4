"""Takes one table through the stages of curation; a bad table is refused and never fails.

Its datasets and its record appear in the folder of work all at once.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from darebench.curate.column_prints import column_prints
from darebench.curate.curation_options import Options, Style
from darebench.curate.designing.as_told import design_as_told
from darebench.curate.designing.choice import join_targets, why_too_alike
from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.naturalness import judge
from darebench.curate.explain import explain
from darebench.curate.licences import accepts
from darebench.curate.profiled import not_understood, profile_table
from darebench.curate.protocols import Authors, Source
from darebench.curate.record_wire import read_entry, read_record, write_record
from darebench.curate.records import (
    DatasetEntry,
    Design,
    Draft,
    Refusal,
    Stage,
    Table,
    TableRecord,
    Unfinished,
)
from darebench.curate.verify import Undemanding, verify
from darebench.curate.writing.draw_workflow import Lessons, draw_workflow
from darebench.curate.writing.package import dataset_name, package_series, package_tabular
from darebench.errors import (
    ConfigError,
    CurationReject,
    DareError,
    ProviderFault,
    SandboxFault,
    SourceFault,
)
from darebench.store import layout
from darebench.store.write import DatasetFiles, question_entry, write_metadata, write_store
from darebench.types import Family

DRAWS = 5
"""Settings that are drawn for a workflow before its target is refused because of them."""
_log = logging.getLogger(__name__)
_MACHINES = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO)


@dataclass(slots=True)
class _State:
    """What has become of one table so far, and which stage it is in."""

    slug: str
    authors: Authors
    options: Options
    scratch: Path
    """Where its datasets are written until it is done."""
    stage: Stage = Stage.SOURCE
    table: Table | None = None
    entries: list[DatasetEntry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    explanation: Mapping[str, Any] | None = None


def curate_table(
    source: Source, key: str, slug: str, authors: Authors, options: Options, work: Path
) -> TableRecord | Unfinished:
    """Leave `work/<slug>` with the table's datasets and its record, all at once.

    Returns:
        What became of the table, or what left it unfinished.
    """
    done = work / slug
    if done.is_dir():
        return read_record(done)
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=work))
    state = _State(slug=slug, authors=authors, options=options, scratch=scratch)
    try:
        with threadpool_limits(1), _refusing(state):
            _curate(source, key, state)
        record = _record(state)
        write_record(record, scratch)
        scratch.chmod(0o755)
        scratch.rename(done)
    except (ProviderFault, SourceFault) as fault:
        return Unfinished(table=slug, fault=fault)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return record


def refuse_lost(slug: str, reason: str, work: Path) -> TableRecord:
    """Leave `work/<slug>` with the record of a table whose workers were killed.

    Returns:
        The record; of a table that was done just before its worker ended, its own.
    """
    if (work / slug).is_dir():
        return read_record(work / slug)
    refusal = Refusal(table=slug, stage=Stage.MACHINE, reason=reason)
    record = TableRecord(table=slug, updated="", fingerprint=(), entries=(), refusals=(refusal,))
    with tempfile.TemporaryDirectory(prefix=".", dir=work) as scratch:
        folder = Path(scratch) / slug
        folder.mkdir()
        write_record(record, folder)
        folder.rename(work / slug)
    return record


@contextmanager
def _refusing(state: _State, target: str = "") -> Iterator[None]:
    """Turn a failure into a refusal: one bad table, or target, never stops a run."""
    try:
        yield
    except (ConfigError, ProviderFault, SandboxFault, SourceFault):
        raise  # not the table's fault: it stays unfinished, and goes on when that is mended
    except DareError as error:
        reason = str(error)
    except Exception as error:  # whatever a table can break; the ledger names it
        if _is_machines(error):
            raise ConfigError(
                f"this machine fails: {error}; when that is mended, the same command continues"
            ) from error
        _log.warning("%s %s: unexpected failure", state.slug, target, exc_info=True)
        reason = f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    else:
        return
    refusal = Refusal(table=state.slug, stage=state.stage, reason=reason, target=target)
    state.refusals.append(refusal)


def _is_machines(error: Exception) -> bool:
    """Check whether a failure is the machine's: no room, no descriptors, a broken disk."""
    if isinstance(error, sqlite3.OperationalError):
        return "disk is full" in str(error)
    return isinstance(error, OSError) and error.errno in _MACHINES


def _curate(source: Source, key: str, state: _State) -> None:
    raw = source.load(key)
    if not accepts(raw.licence, state.options.licences):
        raise CurationReject(f"its licence {raw.licence!r} is not accepted")
    state.stage = Stage.PROFILE
    table, read = profile_table(raw, state.slug, source.owner)
    state.refusals += not_understood(read, state.slug)
    state.table = table
    state.stage = Stage.DESIGN
    state.explanation = explain(table, read)
    designs = design_as_told(state.authors.designer, table)
    judgement = judge(table)
    made: list[Design] = []
    for design in designs:
        if len(made) >= state.options.max_targets:
            break
        state.stage = Stage.DESIGN
        with _refusing(state, design.title):
            alike = "" if raw.told.target else why_too_alike(table, judgement, design, made)
            if alike:
                raise CurationReject(alike)
            made.append(_curate_target(table, design, state))
    for design in join_targets(made, table, judgement.together):
        state.stage = Stage.DESIGN
        with _refusing(state, design.title):
            _curate_target(table, design, state)
    state.stage = Stage.DESIGN
    if not state.entries:
        reasons = Counter(refusal.kind for refusal in state.refusals)
        raise CurationReject(f"no target of {len(designs)} passes, mostly: {_commonest(reasons)}")


def _commonest(reasons: Counter[str]) -> str:
    """Return the most frequent reason."""
    return min(reasons, key=lambda reason: (-reasons[reason], reason), default="none")


def _curate_target(table: Table, design: Design, state: _State) -> Design:
    """Write the datasets of one target; return its design as it was carried out."""
    is_series = design.family is Family.TS
    seed = state.options.seed
    identity = f"{table.ref}\n{design.title}\n{design.family}"
    number = int(hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12], 16)
    make_draft = draft_series if is_series else draft_tabular
    draft = make_draft(table, design, np.random.default_rng([seed, number]))
    if is_series:
        rng = np.random.default_rng([seed, number, 0])
        name = _free_name(table, design, state)
        state.stage = Stage.BUILD
        _keep(package_series(draft, name, rng), state)
        return draft.design
    first, *more = state.options.styles(np.random.default_rng([seed, number, 0]))
    _write_workflow(draft, first, (seed, number, 1), state, alone=False)
    for position, style in enumerate(more, 2):
        with _refusing(state, design.title):
            _write_workflow(draft, style, (seed, number, position), state, alone=True)
    return draft.design


def _write_workflow(
    draft: Draft, style: Style, seeds: Sequence[int], state: _State, *, alone: bool
) -> None:
    """Write one dataset with an IF workflow whose steps matter, drawing again where they do not.

    Args:
        draft: Its rows.
        style: What the workflow is like.
        seeds: What its random choices come from, beside the number of the draw.
        state: What has become of the table so far.
        alone: Write no MM task, because another dataset has the same.

    Raises:
        CurationReject: No draw passes; the last one's reason.
    """
    lessons, last = Lessons(), CurationReject("no settings were drawn")
    name = _free_name(draft.table, draft.design, state)
    for attempt in range(DRAWS):
        rng = np.random.default_rng([*seeds, attempt])
        state.stage = Stage.BUILD
        workflow = draw_workflow(draft, rng, style, lessons)
        if workflow is None:
            raise CurationReject("fewer than two features have a range that a question can state")
        try:
            _keep(package_tabular(draft, workflow, name, rng, alone=alone), state)
        except CurationReject as error:
            coverage = error.coverage if isinstance(error, Undemanding) else None
            last, lessons = error, lessons.after(workflow.model, coverage)
        else:
            return
    raise last


def _free_name(table: Table, design: Design, state: _State) -> str:
    return dataset_name(table, design, [entry.folder for entry in state.entries])


def _keep(dataset: DatasetFiles, state: _State) -> None:
    """Prove one dataset, and move it to the datasets that are kept."""
    with tempfile.TemporaryDirectory(prefix=".", dir=state.scratch) as folder:
        written = _write_proven(dataset, Path(folder) / "drawn", state)
        if state.authors.rewriter is not None:  # a model is paid for what is worth keeping only
            state.stage = Stage.BUILD
            dataset = state.authors.rewriter.rewrite(dataset)
            written = _write_proven(dataset, Path(folder) / "rewritten", state)
        target = state.scratch / layout.DATABASES / dataset.name
        target.parent.mkdir(exist_ok=True)
        written.folder.rename(target)
    state.entries.append(read_entry({**question_entry(dataset), "flags": written.flags}))


@dataclass(frozen=True, slots=True)
class _Written:
    folder: Path
    flags: Sequence[str]


def _write_proven(dataset: DatasetFiles, store: Path, state: _State) -> _Written:
    """Write one dataset as a store of its own and prove it.

    Raises:
        CurationReject: A proof fails.
    """
    state.stage = Stage.VERIFY
    write_store([dataset], store)
    verified = verify(store)
    written = store / layout.DATABASES / dataset.name
    if verified.coverage is not None:
        recorded = {**dataset.settings, "process_coverage": verified.coverage.as_dict()}
        write_metadata(replace(dataset, settings=recorded), written)
    return _Written(written, verified.flags)


def _record(state: _State) -> TableRecord:
    table = state.table
    prints = column_prints(table.frame) if state.entries and table else ()
    return TableRecord(
        table=state.slug,
        updated=table.raw.updated if table else "",
        fingerprint=tuple(sorted(prints)),
        entries=tuple(state.entries),
        refusals=tuple(state.refusals),
        explanation=state.explanation,
    )
