"""The benchmark as an Inspect task: the one path of `darebench eval` and `inspect eval`.

The agent loop, the tool and the scorer are ours; Inspect gives models, concurrency, retries, logs.
A fault of the provider or the sandbox leaves the solver as an exception: Inspect records the sample
as an error without a score, and makes it again. A run's record of its attempts is its own, and
nothing is read back from Inspect's logs.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from inspect_ai import Task as InspectTask
from inspect_ai import task as inspect_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalSample
from inspect_ai.model import get_model
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.scorer import Scorer, Target, grouped, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import EarlyStopping, LimitExceededError, SandboxEnvironmentSpec

from darebench.agents.loop import Attempt
from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool
from darebench.errors import DareError
from darebench.evals.attempts_file import Key
from darebench.evals.inspect.players import ModelPlayer, Player, Stage, take_prediction
from darebench.evals.inspect.sandbox import SandboxSettings
from darebench.evals.run_folder import predictions_of
from darebench.evals.run_watch import Watch
from darebench.evals.trajectory import trajectory_of
from darebench.reference.answers import read_answers
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.cache import cache_folder
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store, select
from darebench.types import Family, Score, StopReason, Task, Truth, Variant

TASK_NAME = "bench"
SCORER = "darebench_score"
_METRICS = [
    grouped(mean(), "column", all_label="mean"),
    grouped(
        stderr(cluster="cluster"), "column", name_template="{group_name}_stderr", all_label="stderr"
    ),
]
_LIMITS = {
    "token": StopReason.TOKENS,
    "message": StopReason.TURNS,
    "turn": StopReason.TURNS,
}
_UNSCORED = "the attempt ended without a score"


@inspect_task(name=TASK_NAME)
def bench(
    store: str | None = None,
    tasks: str | list[str] | None = None,
    family: str | None = None,
    variant: str | None = None,
    limit: int | None = None,
    seed: int | None = None,
    turns: int = 5,
    seconds: float = 200.0,
    slots: int | None = None,
    work: str | None = None,
) -> InspectTask:
    """Evaluate a model on the tasks of a store, from Inspect's own command line.

    Args:
        store: A folder, an archive, or `hf://owner/name`; the starter store without it.
        tasks: Task ids, dataset names or globs.
        family: `class`, `reg` or `ts`.
        variant: `if`, `mm`, `xf` or `cf`.
        limit: Most tasks to run.
        seed: Random seed for choosing which `limit` tasks to run.
        turns: Model turns that may call the tool.
        seconds: Wall-clock limit of each call.
        slots: Programs that run at the same time; as many as there are cores without it.
        work: Folder that keeps the predictions; without it they go when the process ends.
    """
    opened = open_store(store)
    chosen = select(
        opened.tasks,
        [tasks] if isinstance(tasks, str) else list(tasks or []),
        family=Family(family) if family else None,
        variant=Variant(variant) if variant else None,
        limit=limit,
        seed=seed,
    )
    made = Bench(
        tasks=chosen,
        executor=LocalExecutor(slots),
        folder=Path(work) if work else None,
        budget=Budget(turns=turns, seconds_per_call=seconds),
        store_hash=opened.hash,
    )
    return made.inspect_task(chosen)


@dataclass(kw_only=True)
class Bench:
    """What makes and scores attempts, for all of Inspect's tasks of a run."""

    tasks: Sequence[Task]
    """What may be attempted."""
    executor: Executor
    """The sandbox that runs calls of the tool, and references that are not known."""
    folder: Path | None
    """Folder of the predictions; a temporary one without it."""
    budget: Budget
    """What an attempt may use."""
    store_hash: str
    """Hash of the store that the tasks were read from, for scores' provenance."""
    player: Player = field(default_factory=ModelPlayer)
    """Who makes the attempts; darebench's loop with Inspect's model without it."""
    truths: Mapping[str, Truth] = field(default_factory=dict)
    """Task id -> its truth; those of other tasks are read or computed when they are due."""
    watch: Watch = field(default_factory=Watch)
    """Told of attempts that begin, fail and end; keeps those that have ended."""
    sandbox: SandboxSettings | None = None
    """Where an Inspect solver's commands run."""
    at_a_time: int | None = None
    """Attempts under way at a time; as many as Inspect lets begin without it."""

    def __post_init__(self) -> None:
        self._by_id = {t.id: t for t in self.tasks}
        self._truths = dict(self.truths)
        self._limits = Limits()
        self._places = asyncio.Semaphore(self.at_a_time) if self.at_a_time else None
        self._open: dict[Key, _Open] = {}
        self._kept: set[Key] = set()
        self._temporary = None if self.folder else tempfile.TemporaryDirectory(prefix="darebench-")
        self._folder = self.folder or Path(getattr(self._temporary, "name", ""))

    def inspect_task(
        self,
        tasks: Sequence[Task],
        *,
        epochs: int | None = None,
        early_stopping: EarlyStopping | None = None,
    ) -> InspectTask:
        """Build a task of Inspect's from some of the tasks."""
        in_sandbox = self.player.in_sandbox
        return InspectTask(
            dataset=MemoryDataset([_sample(t) for t in tasks], name="darebench"),
            solver=self._solver(),
            scorer=self._scorer(),
            sandbox=SandboxEnvironmentSpec("darebench", self.sandbox) if in_sandbox else None,
            name=TASK_NAME,
            epochs=epochs,
            early_stopping=early_stopping,
        )

    async def completed(self, sample: EvalSample) -> None:
        """Keep an attempt that is over and has no score, after the last retry of a fault."""
        key = Key(str(sample.id), sample.epoch)
        if key in self._kept:
            return
        opened = self._open.pop(key, None)
        attempt = opened.attempt if opened else Attempt(messages=[], seconds=sample.total_time or 0)
        fault = opened.fault if opened else None
        if fault is None:
            fault = sample.error.message if sample.error else _UNSCORED
        await self._keep(key, attempt, None, fault)

    def _solver(self) -> Solver:
        """Build the solver: one attempt."""

        @solver(name="darebench_agent")
        def agent() -> Solver:
            async def solve(state: TaskState, generate: Generate) -> TaskState:
                async with self._places or contextlib.nullcontext():
                    await self._attempt(state, generate)
                return state

            return solve

        return agent()

    def _scorer(self) -> Scorer:
        """Build the scorer: the prediction that the attempt left, against the truth."""

        @scorer(metrics=_METRICS, name=SCORER)
        def score_attempt() -> Scorer:
            async def score(state: TaskState, target: Target) -> InspectScore:
                return await self._score(Key(str(state.sample_id), state.epoch))

            return score

        return score_attempt()

    async def _attempt(self, state: TaskState, generate: Generate) -> None:
        self.watch.began()
        key = Key(str(state.sample_id), state.epoch)
        task = self._by_id[key.task]
        opened = self._open[key] = _Open()
        folder = predictions_of(self._folder, task, key.epoch)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            tool = PythonTool(task, self.executor, folder, self.budget, self._limits)
            stage = Stage(
                task=task,
                tool=tool,
                executor=self.executor,
                budget=self.budget,
                limits=self._limits,
            )
            await self.player.play(stage, opened.attempt, state, generate)
        except LimitExceededError as limit:
            opened.attempt.stop_reason = _LIMITS.get(limit.type, StopReason.TIME)
            raise
        except Exception as error:
            opened.fault = f"{error}"
            self.watch.failed()
            raise

    async def _score(self, key: Key) -> InspectScore:
        task, opened = self._by_id[key.task], self._open[key]
        attempt = opened.attempt
        if attempt.stop_reason is StopReason.FAULT:  # a limit ended the solver from outside
            attempt = replace(attempt, stop_reason=StopReason.TIME)
        folder = predictions_of(self._folder, task, key.epoch)
        if self.player.in_sandbox:
            await take_prediction(folder)
        try:
            score = await self._score_of(task, folder / PREDICTION)
        except DareError as error:  # the truth cannot be used: another attempt would be no better
            await self._keep(key, attempt, None, str(error))
            made = InspectScore.unscored(reason="error", explanation=str(error))
        else:
            await self._keep(key, attempt, score, None)
            reason = score.reason.message if score.reason else None
            made = InspectScore(value=score.score, explanation=reason)
        return made

    async def _score_of(self, task: Task, prediction: Path) -> Score:
        if task.id not in self._truths:  # the repeats of a task share its truth
            answers = await read_answers([task], self.executor, cache_folder("references"))
            if task.id in answers.problems:
                raise answers.problems[task.id]
            self._truths |= answers.truths
        truth = self._truths[task.id]
        return await asyncio.to_thread(score_prediction, prediction, truth, store=self.store_hash)

    async def _keep(
        self, key: Key, attempt: Attempt, score: Score | None, fault: str | None
    ) -> None:
        trajectory = trajectory_of(
            self._by_id[key.task],
            attempt,
            score,
            epoch=key.epoch,
            model=self.player.name or str(get_model()),
            fault=fault,
        )
        await self.watch.ended(trajectory)
        self._kept.add(key)
        self._open.pop(key, None)


@dataclass(slots=True)
class _Open:
    """An attempt that has begun, until it is kept."""

    attempt: Attempt = field(default_factory=lambda: Attempt(messages=[]))
    fault: str | None = None


def _sample(task: Task) -> Sample:
    return Sample(
        id=task.id,
        input=task.question,
        metadata={
            "column": str(task.track),
            "cluster": task.cluster,
            "family": str(task.family),
            "variant": str(task.variant),
        },
    )
