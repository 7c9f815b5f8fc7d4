"""Runs an evaluation: attempts at a selection of tasks, in a folder that the same call continues.

The folder holds `config.json` (what is run), `env.json` (what it is run with), `config.toml` (the
settings, as `darebench eval -c` takes them), `attempts.jsonl` (each attempt as soon as it has
ended), the `predictions/`, Inspect's `logs/` and, when it is done, `trajectories.jsonl`. A finished
attempt is never made again; one that failed through our fault is, by the same call.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from inspect_ai.model import Model
from inspect_ai.tool import ToolInfo

from darebench.agents.protocol import Agent, Budget, ChatModel
from darebench.agents.tools import schema
from darebench.errors import ConfigError
from darebench.evals.attempts_file import AttemptsFile, Key
from darebench.evals.disk import in_words
from darebench.evals.evaluation import EvalConfig, Run
from darebench.evals.inspect.connection import follow
from darebench.evals.inspect.drive import make_attempts
from darebench.evals.inspect.first_request import ask_first, is_asked
from darebench.evals.remote_sandbox import Remote, check_same, open_remote
from darebench.evals.rescore import Rescored, rescore
from darebench.evals.resolve import NOTES, Asked, Plan, resolve, without_secrets
from darebench.evals.run_content import check_content
from darebench.evals.run_folder import attempts_of, read_run
from darebench.evals.run_records import CONFIG
from darebench.evals.run_watch import Watch
from darebench.evals.trajectory import TRAJECTORIES
from darebench.reference.answers import Answers, read_answers
from darebench.sandbox import LocalExecutor
from darebench.sandbox.local import told
from darebench.sandbox.program import Limits
from darebench.sandbox.session import Session
from darebench.store.cache import cache_folder
from darebench.sync import run_sync
from darebench.toml_file import write_settings
from darebench.types import Progress, Task, Variant
from darebench.work import Record, Work, claimed, is_continued


def evaluate(
    config: EvalConfig | None = None,
    *,
    model: str | Model | ChatModel | None = None,
    agent: str | Agent | object | None = None,
    out: Path | None = None,
    fresh: bool = False,
    slots: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run an agent over tasks and score it, or continue where an earlier call stopped.

    It also works where a loop is running, as in a notebook; what awaits has `evaluate_async`.

    Args:
        config: What to run; the baseline on the starter store without it.
        model: The name of an Inspect model, an Inspect `Model`, or any object with the `ChatModel`
            protocol, in place of the configuration's.
        agent: An own agent, an Inspect solver or agent, or `module:function` of one, in place of
            darebench's loop.
        out: The run's folder; `runs/<name>-<hash of what is run>` without it.
        fresh: Set aside what the folder holds, and make all attempts again.
        slots: Programs that run at the same time, if they run here; as many as there are cores
            without it.
        progress: Progress callback.

    Raises:
        ConfigError: No task is selected, the model or the agent cannot be used, the folder holds
            another run, or the sandbox's environment differs.
        StoreError: The store does not exist.
        KeyboardInterrupt: Somebody interrupted the run; what has ended is kept.
    """
    watch = Watch(progress)
    asked = Asked(config=config or EvalConfig(), model=model, agent=agent)
    if _is_loop_running():
        return run_sync(_in_thread(asked, out, fresh=fresh, slots=slots, watch=watch))
    return _evaluate(asked, out, fresh=fresh, slots=slots, watch=watch)


async def evaluate_async(
    config: EvalConfig | None = None,
    *,
    model: str | Model | ChatModel | None = None,
    agent: str | Agent | object | None = None,
    out: Path | None = None,
    fresh: bool = False,
    slots: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Do what `evaluate` does, without blocking the loop that awaits it.

    The attempts run in a loop of their own in another thread, where `progress` is called too. When
    the awaiting task is cancelled, the run stops as after an interruption. The arguments, the
    result and the errors are those of `evaluate`.
    """
    asked = Asked(config=config or EvalConfig(), model=model, agent=agent)
    return await _in_thread(asked, out, fresh=fresh, slots=slots, watch=Watch(progress))


def rescore_asked(
    config: EvalConfig, out: Path | None = None, *, progress: Progress | None = None
) -> Rescored:
    """Score the predictions of the run again that `evaluate` would continue, with its store.

    Raises:
        ConfigError: There is no such run, or as by `darebench.evals.rescore.rescore`.
        StoreError: The store does not exist.
    """
    plan = resolve(Asked(config=config, model=None, agent=None))
    folder = out or Path("runs") / plan.name
    asked = Record(value=plan.record, notes=NOTES | {"task_ids"})
    if not is_continued(folder, Work(kind="run", records={CONFIG: asked})):
        raise ConfigError(f"there is no run in {folder} to score again; leave out --rescore")
    return rescore(folder, str(plan.store.root), progress=progress)


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _in_thread(
    asked: Asked, out: Path | None, *, fresh: bool, slots: int | None, watch: Watch
) -> Run:
    def work() -> Run | None:
        try:
            return _evaluate(asked, out, fresh=fresh, slots=slots, watch=watch)
        except (KeyboardInterrupt, asyncio.CancelledError):
            return None  # neither may be raised into the loop that awaits this thread

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        run = await asyncio.shield(running)
    except asyncio.CancelledError:
        watch.interrupt()
        await asyncio.wait([running])
        raise
    if run is None:
        raise asyncio.CancelledError
    return run


def _evaluate(
    asked: Asked, out: Path | None, *, fresh: bool, slots: int | None, watch: Watch
) -> Run:
    plan = resolve(asked)
    folder = out or Path("runs") / plan.name
    if not fresh:
        check_content(folder, plan.store)
    order = attempts_of([t.id for t in plan.tasks], plan.config.epochs)
    with in_words([folder, Path(tempfile.gettempdir())]), claimed(folder, plan.work, fresh=fresh):
        write_settings(without_secrets(asdict(plan.config)), folder / "config.toml")
        with contextlib.closing(AttemptsFile(folder)) as attempts:
            watch.follow(attempts, [Path(tempfile.gettempdir()), folder], len(order))
            missing = [key for key in order if key not in attempts.scored]
            if missing:
                _attempt_missing(plan, folder, missing, slots, watch)
            attempts.copy_to(folder / TRAJECTORIES, order)
        kept = read_run(folder)
    return Run(
        folder=folder,
        trajectories=kept.trajectories,
        expected=kept.expected,
        new_attempts=watch.new_attempts,
        problems=plan.store.problems,
    )


def _attempt_missing(
    plan: Plan, folder: Path, missing: Sequence[Key], slots: int | None, watch: Watch
) -> None:
    _reach_model(plan, watch)
    url = plan.config.sandbox
    executor = open_remote(url) if url else LocalExecutor(slots, warm=plan.config.warm)
    try:
        if not isinstance(executor, LocalExecutor):
            executor.on_wait(watch.say)
        executor.start_now(Limits(wall_s=plan.config.seconds))  # before a model is asked anything
        if isinstance(executor, LocalExecutor) and executor.warm is not None:
            watch.say(told(executor.warmed()))
        if plan.player.in_session:
            Session(limits=Limits(wall_s=plan.config.seconds), executor=executor).close()
        answers = _read_answers(plan.tasks, executor, watch)
        make_attempts(plan, folder, missing, answers, executor, watch)
    finally:
        executor.close_now()


def _reach_model(plan: Plan, watch: Watch) -> None:
    """Ask the model something before there is work for it, and follow its requests from then on.

    Raises:
        ConfigError: The model cannot be used.
    """
    config = plan.config
    if isinstance(plan.model, Model):
        if is_asked(plan.model):
            budget = Budget(turns=config.turns, seconds_per_call=config.seconds)
            tool = ToolInfo.model_validate(schema(budget, Limits())["function"])
            watch.run(ask_first(plan.model, [tool], dict(config.generation), watch.say))
        follow(plan.model, watch.say, watch.give_up)


def _read_answers(tasks: Sequence[Task], executor: LocalExecutor | Remote, watch: Watch) -> Answers:
    """Read and compute the truths ahead, so that scoring an attempt is only a comparison."""
    ids = [t.id for t in tasks if t.variant is Variant.IF]
    done: list[str] = []

    def one_done(task_id: str) -> None:
        done.append(task_id)
        watch.step("references", len(done), len(ids))

    async def read() -> Answers:
        if ids and not isinstance(executor, LocalExecutor):
            await check_same(executor)
        return await read_answers(tasks, executor, cache_folder("references"), on_done=one_done)

    answers = watch.run(read())
    failed = [
        answers.problems[t.id]
        for t in tasks
        if t.variant is Variant.IF and t.id in answers.problems
    ]
    if failed and len(failed) == len(ids):
        raise ConfigError(f"no reference can be computed: {failed[0]}")
    return answers
