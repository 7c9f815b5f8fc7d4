"""`--dry-run`: what a command would do, found out without doing it.

No model is asked, no sandbox is started and no folder is made. A store that lies in the network is
fetched, as by any command that reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darebench.cli.output import in_words, print_json, print_line
from darebench.work import Work, is_continued

if TYPE_CHECKING:
    from darebench.curate.curation_options import Options
    from darebench.curate.language.authors import Models
    from darebench.curate.protocols import Authors
    from darebench.evals.evaluation import EvalConfig


class FolderState(StrEnum):
    """What a folder means for the work that is to be done in it."""

    NEW = "new"
    """It holds nothing yet."""
    CONTINUED = "continued"
    """It holds the same work, which is continued."""
    SET_ASIDE = "set aside"
    """It is renamed, and the work starts over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What `eval` or `rollouts` would do."""

    store: str
    store_hash: str
    tasks: Mapping[str, int]
    """Track -> tasks."""
    epochs: int
    attempts: int
    """Attempts at all tasks together."""
    model: str
    agent: str | None
    turns: int
    seconds: float
    """Limit of a call."""
    token_limit: int | None
    time_limit: int | None
    sandbox: str | None
    folder: str
    state: FolderState


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationPlan:
    """What `curate` would do."""

    source: str
    tables: int | None
    """Tables that would be read from a folder; None for other sources, which are not asked."""
    options: Mapping[str, Any]
    models: Mapping[str, str]
    """Part -> language model that plays it; empty where rules do everything."""
    folder: str
    state: FolderState


def plan_run(config: EvalConfig, out: Path | None, *, fresh: bool) -> RunPlan:
    """Find out what a run would be.

    Raises:
        ConfigError: It would be refused.
        StoreError: The store cannot be opened.
    """
    from darebench.evals.resolve import Asked, resolve
    from darebench.evals.run_content import check_content

    plan = resolve(Asked(config=config, model=None, agent=None))
    folder = out or Path("runs") / plan.name
    if not fresh:
        check_content(folder, plan.store)
    return RunPlan(
        store=str(plan.store.root),
        store_hash=plan.store.hash,
        tasks=dict(Counter(str(task.track) for task in plan.tasks)),
        epochs=config.epochs,
        attempts=len(plan.tasks) * config.epochs,
        model=config.model,
        agent=config.agent,
        turns=config.turns,
        seconds=config.seconds,
        token_limit=config.token_limit,
        time_limit=config.time_limit,
        sandbox=config.sandbox,
        folder=str(folder),
        state=state_of(folder, plan.work, fresh=fresh),
    )


def plan_curation(
    name: str,
    out: Path,
    *,
    options: Options,
    authors: Authors,
    models: Models,
    filters: Mapping[str, str],
    only: Sequence[str],
    limit: int | None,
) -> CurationPlan:
    """Find out what a curation would be; a folder alone is asked what it lists.

    Raises:
        ConfigError: It would be refused.
    """
    from darebench.curate.curation_work import plain_options, work_of
    from darebench.curate.sources.local_folder import KIND as FOLDER
    from darebench.curate.sources.registry import open_as_told
    from darebench.curate.sources.sites import Site

    source = open_as_told(name, filters, options.told, only)
    work = work_of(source, authors, options, limit)
    keys = None
    if not isinstance(source, Site) and source.identity()["kind"] == FOLDER.name:
        keys = source.keys()[:limit]
    return CurationPlan(
        source=name,
        tables=None if keys is None else len(keys),
        options={**plain_options(options), **options.told.as_dict()},
        models={part: model for part, model in asdict(models).items() if model},
        folder=str(out),
        state=state_of(out, work),
    )


def state_of(folder: Path, work: Work, *, fresh: bool = False) -> FolderState:
    """Find out what a folder means for a piece of work, without touching it.

    Raises:
        ConfigError: It holds other work or other files.
    """
    if fresh and folder.is_dir():
        return FolderState.SET_ASIDE
    return FolderState.CONTINUED if is_continued(folder, work) else FolderState.NEW


def print_plan(plan: RunPlan | CurationPlan, *, as_json: bool) -> None:
    """Print a plan as JSON, or as a line for each field that says something."""
    fields = asdict(plan)
    if as_json:
        print_json({"dry_run": True, **fields})
        return
    for name, value in fields.items():
        if value is not None and value != {}:
            print_line(f"{name.replace('_', ' ')}: {in_words(value)}")
