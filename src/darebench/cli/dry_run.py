"""`--dry-run`: what a command would do, found out without doing it.

No model is asked, no sandbox is started and no folder is made. A store that lies in the network is
fetched, as any command does that reads it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.cli.output import print_json
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.evals.run import EvalConfig


class FolderState(StrEnum):
    """What a folder of work means for a command."""

    NEW = "new"
    """There is nothing yet."""
    CONTINUED = "continued"
    """It holds the same work, which goes on."""
    SET_ASIDE = "set aside"
    """It is renamed, and the work starts over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What `eval` or `rollouts` would do."""

    store: str
    store_hash: str
    tasks: dict[str, int]
    """Track -> tasks."""
    epochs: int
    attempts: int
    """Attempts in all."""
    model: str
    agent: str | None
    turns: int
    seconds: float
    token_limit: int | None
    time_limit: int | None
    sandbox: str | None
    folder: str
    state: FolderState


def print_plan(config: EvalConfig, out: Path | None, *, fresh: bool, as_json: bool) -> None:
    """Print what a run would be.

    Raises:
        ConfigError: It would be refused.
        StoreError: The store cannot be opened.
    """
    plan = asdict(_plan_run(config, out, fresh=fresh))
    if as_json:
        print_json({"dry_run": True, **plan})
        return
    for name, value in plan.items():
        if isinstance(value, dict):
            value = ", ".join(f"{count} {track}" for track, count in value.items())
        if value is not None:
            print(f"{name}: {value}")


def _plan_run(config: EvalConfig, out: Path | None, *, fresh: bool) -> RunPlan:
    from darebench.evals.run import _check_model, _folder_name, _record
    from darebench.store.read import open_store, select

    store = open_store(config.store)
    tasks = select(
        store.tasks,
        config.tasks,
        family=config.family,
        variant=config.variant,
        limit=config.limit,
        seed=config.seed,
    )
    if not tasks:
        raise ConfigError(f"no task is selected in {store.root}; loosen the filters")
    _check_model(config)
    record = _record(config, store, tasks)
    folder = out or Path("runs") / _folder_name(config, record)
    return RunPlan(
        store=str(store.root),
        store_hash=store.hash,
        tasks=dict(Counter(str(task.track) for task in tasks)),
        epochs=config.epochs,
        attempts=len(tasks) * config.epochs,
        model=config.model,
        agent=None,
        turns=config.turns,
        seconds=config.seconds,
        token_limit=config.token_limit,
        time_limit=config.time_limit,
        sandbox=config.sandbox,
        folder=str(folder),
        state=_state(folder, record, fresh=fresh),
    )


def _state(folder: Path, record: object, *, fresh: bool) -> FolderState:
    path = folder / "config.json"
    if not path.is_file():
        return FolderState.NEW
    if fresh:
        return FolderState.SET_ASIDE
    if json.loads(path.read_text(encoding="utf-8")) != json.loads(json.dumps(record)):
        raise ConfigError(f"{folder} holds another run; use another --out, or --fresh")
    return FolderState.CONTINUED
