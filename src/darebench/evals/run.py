"""A run: attempts at a selection of tasks, kept in a folder that the same call continues.

The folder holds `config.json` (what is run), `env.json` (what it is run with), Inspect's `logs/`,
the `predictions/` and, when it is done, `trajectories.jsonl`. A finished attempt is never made
again; one that failed through our fault is, by the same call.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from darebench.environment import fingerprint
from darebench.errors import ConfigError
from darebench.evals.folder import SCHEMA, held, prepare
from darebench.evals.remote_sandbox import check_same, open_remote
from darebench.evals.trajectory import TRAJECTORIES, read_logs, was_cancelled, write_trajectories
from darebench.reference.solve import Unsolved, solve
from darebench.sandbox import LocalExecutor
from darebench.sandbox.client import RemoteExecutor
from darebench.store.cache import cache_folder
from darebench.store.read import Store, open_store, select
from darebench.types import Family, Progress, Task, TaskProblem, Trajectory, Variant

OWN_AGENTS = ("baseline", "oracle", "trivial", "null")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """What is evaluated, and how. Two runs with equal configurations are repeats of each other."""

    store: str | None = None
    model: str = "baseline"
    """An Inspect model such as `openai/gpt-5`, or one of `OWN_AGENTS`."""
    tasks: tuple[str, ...] = ()
    """Ids, dataset names or globs; all tasks without one."""
    family: Family | None = None
    variant: Variant | None = None
    limit: int | None = None
    seed: int | None = None
    epochs: int = 1
    turns: int = 5
    seconds: float = 200.0
    """Wall-clock limit of each call of the tool."""
    sandbox: str | None = None
    """Address of a SandboxFusion server that runs the calls; this machine's own without it."""
    base_url: str | None = None
    model_args: Mapping[str, Any] = field(default_factory=dict)
    generation: Mapping[str, Any] = field(default_factory=dict)
    """Sampling options of Inspect's `GenerateConfig`, for example `temperature`."""
    token_limit: int | None = None
    """Tokens of a whole attempt."""
    time_limit: int | None = None
    """Seconds of a whole attempt."""

    @property
    def inspect_model(self) -> str:
        """The model's name as Inspect spells it."""
        return f"darebench/{self.model}" if self.model in OWN_AGENTS else self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands."""

    folder: Path
    trajectories: tuple[Trajectory, ...]
    expected: int
    """Attempts that were asked for."""
    problems: tuple[TaskProblem, ...] = ()
    """Datasets of the store that could not be used."""

    @property
    def unscored(self) -> int:
        """Attempts that ended without a score, through our fault."""
        return sum(t.score is None for t in self.trajectories)

    @property
    def missing(self) -> int:
        """Attempts that have not ended yet."""
        return self.expected - len(self.trajectories)


def evaluate(
    config: EvalConfig | None = None,
    *,
    out: Path | None = None,
    fresh: bool = False,
    slots: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run an agent over tasks and score it, or continue where an earlier call stopped.

    Args:
        config: What to run; the baseline on the starter store without one.
        out: The run's folder; `runs/<model>-<hash of what is run>` without it.
        fresh: Make all attempts again, although the folder has some.
        slots: Programs that run at the same time, if they run here; as many as there are cores
            without it.
        progress: Told how far it is.

    Raises:
        ConfigError: nothing is selected, the model cannot be used, the folder holds another run, or
            the sandbox does not fit.
        StoreError: there is no such store.
        KeyboardInterrupt: it was interrupted; what has ended is kept.
    """
    config = config or EvalConfig()
    store = open_store(config.store)
    chosen = select(
        store.tasks,
        config.tasks,
        family=config.family,
        variant=config.variant,
        limit=config.limit,
        seed=config.seed,
    )
    if not chosen:
        raise ConfigError(f"no task is selected in {store.root}; loosen the filters")
    _check_model(config)
    record = _record(config, store, chosen)
    folder = out or Path("runs") / _folder_name(config, record)
    prepare(folder, record, fresh=fresh)
    with held(folder):
        executor = open_remote(config.sandbox) if config.sandbox else LocalExecutor(slots)
        try:
            _solve_references(chosen, executor, progress)
            n_expected = len(chosen) * config.epochs
            _run_inspect(config, store, folder, n_expected, executor, progress)
        finally:
            executor.close_now()
        trajectories = read_logs(folder / "logs", {t.id: t for t in chosen})
        write_trajectories(trajectories, folder / TRAJECTORIES)
    return Run(
        folder=folder,
        trajectories=tuple(trajectories),
        expected=len(chosen) * config.epochs,
        problems=store.problems,
    )


def _check_model(config: EvalConfig) -> None:
    from darebench.evals.inspect.model import check_model

    check_model(config.inspect_model, config.base_url, config.model_args)


def _record(config: EvalConfig, store: Store, tasks: Sequence[Task]) -> dict[str, Any]:
    values = asdict(config)
    values["tasks"] = list(config.tasks)
    return {
        "schema": SCHEMA,
        "config": values,
        "store": {"root": str(store.root), "hash": store.hash},
        "task_ids": [t.id for t in tasks],
    }


def _folder_name(config: EvalConfig, record: Mapping[str, Any]) -> str:
    model = re.sub(r"[^A-Za-z0-9.]+", "-", config.model).strip("-")
    return f"{model}-{fingerprint(record)[:8]}"


def _solve_references(
    tasks: Sequence[Task], executor: LocalExecutor | RemoteExecutor, progress: Progress | None
) -> None:
    """Compute the IF answers ahead, so that scoring an attempt is only a comparison."""
    chosen = [t for t in tasks if t.variant is Variant.IF]
    if not chosen:
        return
    done: list[str] = []

    def one_done(task_id: str) -> None:
        done.append(task_id)
        if progress is not None:
            progress("references", len(done), len(chosen))

    if isinstance(executor, RemoteExecutor):
        asyncio.run(check_same(executor))
    cache = cache_folder("references")
    solved = asyncio.run(solve(chosen, executor, cache, on_done=one_done))
    failed = [result.message for result in solved.values() if isinstance(result, Unsolved)]
    if len(failed) == len(solved):
        raise ConfigError(f"no reference can be computed: {failed[0]}")


def _run_inspect(
    config: EvalConfig,
    store: Store,
    folder: Path,
    expected: int,
    executor: LocalExecutor | RemoteExecutor,
    progress: Progress | None,
) -> None:
    from inspect_ai import eval_set

    from darebench.evals.inspect.task import bench, keeping, shared
    from darebench.evals.progress import listener

    ended: set[tuple[str, int]] = set()

    def report(task_id: str, epoch: int, scored: bool) -> None:
        ended.add((task_id, epoch))
        if progress is not None:
            progress("attempts", len(ended), expected)

    own = shared.set(executor)
    kept = keeping.set((folder / "predictions").absolute())
    task = bench(
        store=str(store.root),
        tasks=list(config.tasks) or None,
        family=config.family,
        variant=config.variant,
        limit=config.limit,
        seed=config.seed,
        turns=config.turns,
        seconds=config.seconds,
    )
    token = listener.set(report)
    try:
        # What Inspect prints of itself goes beside its logs: stdout belongs to our result.
        with (folder / "inspect.log").open("a") as printed, contextlib.redirect_stdout(printed):
            eval_set(
                task,
                log_dir=str((folder / "logs").absolute()),
                max_samples=_n_samples(config, executor),
                **_options(config),
            )
    finally:
        listener.reset(token)
        keeping.reset(kept)
        shared.reset(own)
    if was_cancelled(folder / "logs"):  # Inspect handles the interruption, and does not pass it on
        raise KeyboardInterrupt


def _options(config: EvalConfig) -> dict[str, Any]:
    """Say how Inspect runs: faults are tried again and then left unscored, the rest goes on."""
    return {
        "model": config.inspect_model,
        "model_base_url": config.base_url,
        "model_args": dict(config.model_args),
        "epochs": config.epochs,
        "retry_attempts": 0,
        "retry_immediate": False,
        "continue_on_fail": True,
        "retry_on_error": 2,
        "log_buffer": 1,
        "token_limit": config.token_limit,
        "time_limit": config.time_limit,
        "display": "none",
        "ctl_server": False,
        "log_dir_allow_dirty": True,
        "score": True,
        **config.generation,
    }


def _n_samples(config: EvalConfig, executor: LocalExecutor | RemoteExecutor) -> int:
    """Say how many attempts are under way at a time: a model's answers take long, ours do not."""
    if isinstance(executor, LocalExecutor) and config.model in OWN_AGENTS:
        return 2 * executor.slots
    return 32
