"""The benchmark as an Inspect task: the one path of `darebench eval` and `inspect eval`.

The agent loop, the tool and the scorer are ours; Inspect gives models, concurrency, retries, logs.
A fault of the provider or the sandbox leaves the solver as an exception: Inspect records the sample
as an error without a score, and makes it again.

The log holds each attempt's trajectory in its JSON form: in the score's metadata, which Inspect
recovers even for a process that was killed, or in the sample's store if there is no score.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inspect_ai import Task as InspectTask
from inspect_ai import task as inspect_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.scorer import Scorer, Target, grouped, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import LimitExceededError, SandboxEnvironmentSpec

from darebench.agents.loop import Attempt
from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool
from darebench.errors import DareError
from darebench.evals.inspect.players import ModelPlayer, Player, Stage, take_prediction
from darebench.evals.inspect.sandbox import SandboxSettings
from darebench.evals.run_watch import Watch
from darebench.evals.trajectory import from_json, to_json, trajectory_of
from darebench.reference.answers import read_answers
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.cache import cache_folder
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store, select
from darebench.types import Family, Score, StopReason, Task, Trajectory, Truth, Variant

TASK_NAME = "bench"
RECORD = "darebench"
"""Name under which a trajectory lies in a score's metadata, or in a sample's store."""
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
    budget = Budget(turns=turns, seconds_per_call=seconds)
    folder = Path(work) if work else None
    return build_task(chosen, LocalExecutor(slots), folder, budget, store_hash=opened.hash)


def build_task(
    tasks: Sequence[Task],
    executor: Executor,
    folder: Path | None,
    budget: Budget,
    *,
    store_hash: str,
    player: Player | None = None,
    truths: Mapping[str, Truth] | None = None,
    watch: Watch | None = None,
    sandbox: SandboxSettings | None = None,
) -> InspectTask:
    """Build Inspect's task from tasks.

    Args:
        tasks: What is attempted.
        executor: The sandbox that runs calls of the tool, and references that are not known.
        folder: Folder of the predictions; a temporary one without it.
        budget: What an attempt may use.
        store_hash: Hash of the store that the tasks were read from, for scores' provenance.
        player: Who makes the attempts; darebench's loop with Inspect's model without it.
        truths: Task id -> its truth; those of other tasks are read or computed when they are due.
        watch: Told of attempts that begin, fail and end.
        sandbox: Where an Inspect solver's commands run.
    """
    bench_run = _Bench(tasks, executor, folder, budget, store_hash, player, truths, watch)
    spec = SandboxEnvironmentSpec("darebench", sandbox) if bench_run.player.in_sandbox else None
    return InspectTask(
        dataset=MemoryDataset([_sample(t) for t in tasks], name="darebench"),
        solver=bench_run.solver(),
        scorer=bench_run.scorer(),
        sandbox=spec,
        name=TASK_NAME,
    )


class _Bench:
    """What the solver and the scorer of one task object share: the sandbox and the folders."""

    def __init__(
        self,
        tasks: Sequence[Task],
        executor: Executor,
        folder: Path | None,
        budget: Budget,
        store_hash: str,
        player: Player | None,
        truths: Mapping[str, Truth] | None,
        watch: Watch | None,
    ) -> None:
        self.player: Player = player or ModelPlayer()
        self._tasks = {t.id: t for t in tasks}
        self._store_hash = store_hash
        self._truths = dict(truths or {})
        self._budget = budget
        self._limits = Limits()
        self._executor = executor
        self._watch = watch or Watch()
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="darebench-")
        self._folder = folder or Path(getattr(self._temporary, "name", ""))

    def solver(self) -> Solver:
        """Build the solver: one attempt."""

        @solver(name="darebench_agent")
        def agent() -> Solver:
            async def solve(state: TaskState, generate: Generate) -> TaskState:
                await self._attempt(state, generate)
                return state

            return solve

        return agent()

    def scorer(self) -> Scorer:
        """Build the scorer: the prediction that the attempt left, against the truth."""

        @scorer(metrics=_METRICS, name=SCORER)
        def score_attempt() -> Scorer:
            async def score(state: TaskState, target: Target) -> InspectScore:
                return await self._score(state)

            return score

        return score_attempt()

    def _folder_of(self, task: Task, epoch: int) -> Path:
        """Return the folder with the files that one attempt saves."""
        return self._folder / f"epoch-{epoch}" / task.dataset / str(task.variant)

    async def _attempt(self, state: TaskState, generate: Generate) -> None:
        self._watch.began()
        task = self._tasks[str(state.sample_id)]
        folder = self._folder_of(task, state.epoch)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tool = PythonTool(task, self._executor, folder, self._budget, self._limits)
        stage = Stage(task=task, tool=tool, budget=self._budget, limits=self._limits)
        attempt, fault = Attempt(messages=[]), None
        try:
            await self.player.play(stage, attempt, state, generate)
        except LimitExceededError as limit:
            attempt.stop_reason = _LIMITS.get(limit.type, StopReason.TIME)
            raise
        except Exception as error:
            fault = f"{error}"
            self._watch.failed(task.id, state.epoch)
            raise
        finally:
            state.store.set(RECORD, self._record(state, task, attempt, None, fault))

    async def _score(self, state: TaskState) -> InspectScore:
        task = self._tasks[str(state.sample_id)]
        attempt = from_json(state.store.get(RECORD))
        if attempt.stop_reason is StopReason.FAULT:  # a limit ended the solver from outside
            attempt = replace(attempt, stop_reason=StopReason.TIME)
        folder = self._folder_of(task, state.epoch)
        if self.player.in_sandbox:
            await take_prediction(folder)
        try:
            score = await self._score_of(task, folder / PREDICTION)
        except DareError as error:  # the truth cannot be used: another attempt would be no better
            record = self._record(state, task, attempt, None, str(error))
            made = InspectScore.unscored(
                reason="error", explanation=str(error), metadata={RECORD: record}
            )
        else:
            made = InspectScore(
                value=score.score,
                explanation=score.reason.message if score.reason else None,
                metadata={RECORD: self._record(state, task, attempt, score, None)},
            )
        state.store.delete(RECORD)
        self._watch.ended(task.id, state.epoch)
        return made

    async def _score_of(self, task: Task, prediction: Path) -> Score:
        if task.id not in self._truths:  # the repeats of a task share its truth
            answers = await read_answers([task], self._executor, cache_folder("references"))
            if task.id in answers.problems:
                raise answers.problems[task.id]
            self._truths |= answers.truths
        truth = self._truths[task.id]
        return await asyncio.to_thread(score_prediction, prediction, truth, store=self._store_hash)

    def _record(
        self,
        state: TaskState,
        task: Task,
        attempt: Attempt | Trajectory,
        score: Score | None,
        fault: str | None,
    ) -> dict[str, Any]:
        trajectory = trajectory_of(
            task,
            attempt,
            score,
            epoch=state.epoch,
            model=self.player.name or str(get_model()),
            fault=fault,
        )
        return to_json(trajectory)


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
