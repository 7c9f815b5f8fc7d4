"""Drives Inspect through the attempts that a run lacks, and says why it ended early if it did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai import eval as inspect_eval

from darebench.agents.protocol import Budget
from darebench.errors import DareError
from darebench.evals.attempts_file import Key
from darebench.evals.builtin import AGENTS
from darebench.evals.evaluation import EvalConfig
from darebench.evals.inspect.loops import is_loop
from darebench.evals.inspect.pieces import AT_ONCE, Pieces
from darebench.evals.inspect.sandbox import SandboxSettings
from darebench.evals.inspect.task import Bench
from darebench.evals.remote_sandbox import Remote
from darebench.evals.resolve import Plan
from darebench.evals.run_folder import PREDICTIONS
from darebench.evals.run_watch import RETRIES, Watch
from darebench.reference.answers import Answers
from darebench.sandbox import LocalExecutor

LOG_BUFFER = 50
"""Attempts that Inspect gathers before it writes the whole of a piece's log anew."""


def make_attempts(
    plan: Plan,
    folder: Path,
    missing: Sequence[Key],
    answers: Answers,
    executor: LocalExecutor | Remote,
    watch: Watch,
) -> None:
    """Make the missing attempts of a run.

    Raises:
        KeyboardInterrupt: Somebody interrupted it.
        DareError: What every further attempt would meet, such as a full disk.
    """
    config, logs = plan.config, folder / "logs"
    logs.mkdir(exist_ok=True)
    slots = executor.slots if isinstance(executor, LocalExecutor) else None
    bench = Bench(
        tasks=plan.tasks,
        executor=executor,
        folder=(folder / PREDICTIONS).absolute(),
        budget=Budget(
            turns=config.turns,
            seconds_per_call=config.seconds,
            seconds=config.time_limit,
        ),
        store_hash=plan.store.hash,
        player=plan.player,
        truths=answers.truths,
        watch=watch,
        sandbox=SandboxSettings(url=config.sandbox, slots=slots),
        at_a_time=_n_attempts(plan, executor),
    )
    pieces = Pieces(bench, missing, config.epochs)
    watch.begin()
    try:
        # What Inspect prints of itself goes beside its logs: stdout belongs to our result.
        with (
            (folder / "inspect.log").open("a") as printed,
            contextlib.redirect_stdout(printed),
            watch.interrupted_once(),
        ):
            ended = inspect_eval(
                pieces,
                model=plan.model,
                log_dir=str(logs.absolute()),
                max_samples=bench.at_a_time,
                **_options(config),
            )
    except asyncio.CancelledError:  # it came before Inspect was ready to handle it
        _raise_problem(watch)
        raise KeyboardInterrupt from None
    except Exception:
        watch.failed()
        _raise_problem(watch)
        raise
    failures = [log.error.message for log in ended if log.status == "error" and log.error]
    if failures:
        watch.failed()
    _raise_problem(watch)
    if failures:
        raise DareError(
            f"Inspect ended the attempts early: {failures[0]}; what has ended is kept, and the "
            "same command continues"
        )
    if pieces.n_open:  # Inspect handles an interruption, and does not pass it on
        raise KeyboardInterrupt


def _raise_problem(watch: Watch) -> None:
    """Raise what keeps every attempt from going on, if there is something."""
    if watch.problem is not None:
        raise watch.problem from None


def _options(config: EvalConfig) -> dict[str, Any]:
    """Return how Inspect runs: faults are retried and then left unscored, the rest goes on."""
    return {
        "model_base_url": config.base_url,
        "model_args": dict(config.model_args),
        "max_tasks": AT_ONCE,
        "fail_on_error": False,
        "retry_on_error": RETRIES,
        "log_buffer": LOG_BUFFER,
        "log_realtime": False,
        "log_header_only": True,
        "token_limit": config.token_limit,
        "display": "none",
        "ctl_server": False,
        "score": True,
        **config.generation,
    }


def _n_attempts(plan: Plan, executor: LocalExecutor | Remote) -> int:
    """Return how many attempts run at a time: a model's answers take long, ours do not."""
    is_ours = is_loop(plan.config.agent) and plan.config.model in AGENTS
    if plan.player.in_session:  # each holds several sessions, of which a server has 64
        return 2 if is_ours else 8 * len(getattr(executor, "members", (executor,)))
    return 2 * executor.slots if is_ours and isinstance(executor, LocalExecutor) else 32
