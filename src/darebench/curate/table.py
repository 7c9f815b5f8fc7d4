"""Curates one table from its source to proven datasets on disk; never fails, only refuses."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from darebench.curate.clean import MAX_COLUMNS, clean, fingerprint_columns
from darebench.curate.draft import Draft
from darebench.curate.package import dataset_name, package_series, package_tabular
from darebench.curate.profile import profile
from darebench.curate.records import (
    Design,
    Designer,
    Finished,
    Refusal,
    Rewrites,
    Source,
    Stage,
    Table,
    Unfinished,
    accepts,
)
from darebench.curate.series import draft_series
from darebench.curate.tabular import draft_tabular
from darebench.curate.verify import verify
from darebench.curate.workflow import Noise, Style, Workflows
from darebench.errors import (
    ConfigError,
    CurationReject,
    DareError,
    ProviderFault,
    SandboxFault,
    SourceFault,
)
from darebench.files import write_json
from darebench.store import layout
from darebench.store.write import question_entry, write_store
from darebench.types import Family

RESULT = "result.json"
MOST_TOGETHER = 3
"""Targets of one task, at most (paper section 3)."""
WORKFLOWS = 3
"""Settings that are drawn for a target before it is refused because of them."""
_log = logging.getLogger(__name__)
_MACHINES = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tables are curated; part of what makes the bytes of a store."""

    seed: int = 0
    max_targets: int = 8
    """Datasets of one table, at most."""
    noise: Noise = Noise.PAPER
    workflows: Workflows = Workflows.PAPER
    licences: tuple[str, ...] = ("*",)
    """Globs of the licences that are accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Who decides what tables become, and how questions are worded."""

    designer: Designer
    rewriter: Rewrites | None = None
    """None to keep the templates' texts."""


@dataclass(slots=True)
class _Progress:
    """What has become of one table so far, and in which stage it is."""

    authors: Authors
    stage: Stage = Stage.SOURCE
    table: Table | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def curate_table(
    source: Source, key: str, slug: str, authors: Authors, options: Options, work: Path
) -> Finished | Unfinished:
    """Leave `work/<slug>` with the table's datasets and its record, all at once.

    Returns:
        What was refused, or what left the table unfinished.
    """
    done = work / slug
    if done.is_dir():
        return Finished(refusals=read_refusals(done))
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=work))
    progress = _Progress(authors=authors)
    try:
        with threadpool_limits(1), _refusing(progress, slug):
            _curate(source, key, slug, options, scratch, progress)
        write_json(_record(slug, progress), scratch / RESULT)
        scratch.chmod(0o755)
        scratch.rename(done)
    except (ProviderFault, SourceFault) as fault:
        return Unfinished(table=slug, fault=fault)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Finished(refusals=tuple(progress.refusals))


def read_record(folder: Path) -> dict[str, Any]:
    """Read what `curate_table` recorded of a table."""
    return json.loads((folder / RESULT).read_text(encoding="utf-8"))


def read_refusals(folder: Path) -> tuple[Refusal, ...]:
    """Read what was refused of a table that `curate_table` has done."""
    rows = read_record(folder)["refusals"]
    return tuple(Refusal(**{**row, "stage": Stage(row["stage"])}) for row in rows)


@contextmanager
def _refusing(progress: _Progress, slug: str, target: str = "") -> Iterator[None]:
    """Turn a failure into a refusal: one bad table, or target, never stops a run."""
    try:
        yield
    except (ConfigError, ProviderFault, SandboxFault, SourceFault):
        raise  # not the table's: it stays unfinished, and goes on when that is mended
    except DareError as error:
        reason = str(error)
    except Exception as error:  # whatever a table can break; the ledger names it
        if _is_machines(error):
            raise ConfigError(
                f"this machine fails: {error}; when that is mended, the same command continues"
            ) from error
        _log.warning("%s %s: unexpected failure", slug, target, exc_info=True)
        reason = f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    else:
        return
    refusal = Refusal(table=slug, stage=progress.stage, reason=reason, target=target)
    progress.refusals.append(refusal)


def _is_machines(error: Exception) -> bool:
    """Tell whether a failure is the machine's: no room, no descriptors, a broken disk."""
    if isinstance(error, sqlite3.OperationalError):
        return "disk is full" in str(error)
    return isinstance(error, OSError) and error.errno in _MACHINES


def _curate(
    source: Source,
    key: str,
    slug: str,
    options: Options,
    scratch: Path,
    progress: _Progress,
) -> None:
    raw = source.load(key)
    if not accepts(raw.licence, options.licences):
        raise CurationReject(f"its licence {raw.licence!r} is not accepted")
    progress.stage = Stage.PROFILE
    frame = clean(raw.frame)
    if frame.shape[1] == MAX_COLUMNS < raw.frame.shape[1]:
        cut = f"only its first {MAX_COLUMNS} usable columns are kept"
        raw = replace(raw, notes=(*raw.notes, cut))
    table = Table(slug=slug, owner=source.owner, raw=raw, frame=frame, profile=profile(frame))
    progress.table = table
    progress.stage = Stage.DESIGN
    designs = progress.authors.designer.design(table)
    made: list[Design] = []
    for design in designs:
        if len(made) >= options.max_targets:
            break
        progress.stage = Stage.DESIGN
        with _refusing(progress, slug, design.title):
            made.append(_curate_target(table, design, options, scratch, progress))
    for design in _joined(made, frame):
        progress.stage = Stage.DESIGN
        with _refusing(progress, slug, design.title):
            _curate_target(table, design, options, scratch, progress)
    progress.stage = Stage.DESIGN
    if not progress.entries:
        reasons = Counter(refusal.kind for refusal in progress.refusals)
        raise CurationReject(f"no target of {len(designs)} passes, mostly: {_commonest(reasons)}")


def _joined(made: Sequence[Design], frame: pd.DataFrame) -> list[Design]:
    """Make one task of the first targets of a family, where each is a task of its own as well.

    Texts and numbers stay apart, because no classifier takes both at once.

    Args:
        made: What became of single targets.
        frame: The table; series may have got more columns, which they get again.
    """
    joined = []
    for family, is_number in product(Family, (False, True)):
        alike = [
            d
            for d in made
            if d.family is family
            and not d.others
            and pd.api.types.is_numeric_dtype(frame[d.target]) is is_number
        ][:MOST_TOGETHER]
        if len(alike) < 2:
            continue
        targets = [d.target for d in alike]
        shared = set.intersection(*(set(d.features) for d in alike)) - set(targets)
        features = tuple(c for c in alike[0].features if c in shared and c in frame)
        if len(features) >= (0 if family is Family.TS else 2):
            joined.append(replace(alike[0], features=features, others=tuple(targets[1:])))
    return joined


def _commonest(reasons: Counter[str]) -> str:
    return min(reasons, key=lambda reason: (-reasons[reason], reason), default="none")


def _curate_target(
    table: Table, design: Design, options: Options, scratch: Path, progress: _Progress
) -> Design:
    """Write one dataset; gives its design as it was carried out."""
    is_series = design.family is Family.TS
    identity = f"{table.ref}\n{design.title}\n{design.family}"
    number = int(hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12], 16)
    make_draft = draft_series if is_series else draft_tabular
    draft = make_draft(table, design, np.random.default_rng([options.seed, number]))
    taken = [entry["file_path"] for entry in progress.entries]
    name = dataset_name(table, design, taken)
    last = CurationReject("no settings were drawn")
    for attempt in range(1 if is_series else WORKFLOWS):
        rng = np.random.default_rng([options.seed, number, attempt])
        try:
            progress.entries.append(_write(draft, options, name, rng, scratch, progress))
        except CurationReject as error:
            last = error
        else:
            return draft.design
    raise last


def _write(
    draft: Draft,
    options: Options,
    name: str,
    rng: np.random.Generator,
    scratch: Path,
    progress: _Progress,
) -> dict[str, Any]:
    progress.stage = Stage.BUILD
    if draft.design.family is Family.TS:
        dataset = package_series(draft, name, rng)
    else:
        style = Style(noise=options.noise, workflows=options.workflows)
        dataset = package_tabular(draft, name, rng, style)
    if progress.authors.rewriter is not None:
        dataset = progress.authors.rewriter.rewrite(dataset)
    progress.stage = Stage.VERIFY
    with tempfile.TemporaryDirectory(prefix=".", dir=scratch) as folder:
        store = Path(folder) / "store"
        write_store([dataset], store)
        flags = verify(store)
        target = scratch / layout.DATABASES / name
        target.parent.mkdir(exist_ok=True)
        (store / layout.DATABASES / name).rename(target)
    return {**question_entry(dataset), "flags": flags}


def _record(slug: str, progress: _Progress) -> dict[str, Any]:
    table = progress.table
    return {
        "schema": 1,
        "table": slug,
        "updated": table.raw.updated if table else "",
        "fingerprint": sorted(fingerprint_columns(table.frame))
        if progress.entries and table
        else [],
        "entries": progress.entries,
        "refusals": [refusal.as_dict() for refusal in progress.refusals],
    }
