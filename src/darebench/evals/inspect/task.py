"""The benchmark as an Inspect task: the one path of `darebench eval` and `inspect eval`.

The agent loop, the tool and the scorer are ours; Inspect gives models, concurrency, retries, logs.
A fault of the provider or the sandbox leaves the solver as an exception: Inspect records the sample
as an error without a score, and retries it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path

from inspect_ai import Task as InspectTask
from inspect_ai import task as inspect_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.scorer import (
    Scorer,
    Target,
    grouped,
    mean,
    scorer,
    stderr,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import store as sample_store

from darebench.agents.loop import Attempt, run
from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME, PythonTool
from darebench.errors import TaskFormatError
from darebench.evals.inspect.model import InspectModel
from darebench.evals.oracle import playing
from darebench.evals.trajectory import RECORD, SCORER
from darebench.reference.solve import read_answers
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.cache import cache_folder
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store, select
from darebench.types import Family, Task, Truth, Variant

TASK_NAME = "bench"
shared: ContextVar[Executor | None] = ContextVar("shared", default=None)
"""A sandbox that the caller made and will close; without one the task makes its own."""
keeping: ContextVar[Path | None] = ContextVar("keeping", default=None)
"""The caller's folder of predictions: no argument, because a run may be moved and go on."""
_METRICS = [
    grouped(mean(), "column", all_label="mean"),
    grouped(
        stderr(cluster="cluster"), "column", name_template="{group_name}_stderr", all_label="stderr"
    ),
]


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
    """Evaluate a model on the tasks of a store.

    Args:
        store: A folder, an archive, or `hf://owner/name`; the starter store without it.
        tasks: Ids, dataset names or globs.
        family: `class`, `reg` or `ts`.
        variant: `if`, `mm`, `xf` or `cf`.
        limit: At most so many tasks.
        seed: Of a random choice of `limit` tasks.
        turns: Model turns that may call the tool.
        seconds: Wall-clock limit of each call.
        slots: Programs that run at the same time; as many as there are cores without it.
        work: Folder that keeps the predictions; without it they go when the process ends.
    """
    patterns = [tasks] if isinstance(tasks, str) else list(tasks or [])
    opened = open_store(store)
    chosen = select(
        opened.tasks,
        patterns,
        family=Family(family) if family else None,
        variant=Variant(variant) if variant else None,
        limit=limit,
        seed=seed,
    )
    budget = Budget(turns=turns, seconds_per_call=seconds)
    bench_run = _Bench(chosen, opened.hash, budget, slots, work)
    return InspectTask(
        dataset=MemoryDataset([_sample(t) for t in chosen], name="darebench"),
        solver=bench_run.solver(),
        scorer=bench_run.scorer(),
        name=TASK_NAME,
    )


class _Bench:
    """What the solver and the scorer of one task object share: the sandbox and the folders."""

    def __init__(
        self,
        tasks: Sequence[Task],
        store_hash: str,
        budget: Budget,
        slots: int | None,
        work: str | None,
    ) -> None:
        self._tasks = {t.id: t for t in tasks}
        self._store_hash = store_hash
        self._truths: dict[str, Truth] = {}
        self._budget = budget
        self._limits = Limits()
        self._executor: Executor = shared.get() or LocalExecutor(slots)
        kept = Path(work) if work else keeping.get()
        self._temporary = None if kept else tempfile.TemporaryDirectory(prefix="darebench-")
        self._work = kept or Path(getattr(self._temporary, "name", ""))

    def folder(self, task: Task, epoch: int) -> Path:
        """Give the folder with the files that one attempt saves."""
        return self._work / f"epoch-{epoch}" / task.dataset / str(task.variant)

    def solver(self) -> Solver:
        """Build the solver: one attempt."""

        @solver(name="darebench_agent")
        def agent() -> Solver:
            async def solve(state: TaskState, generate: Generate) -> TaskState:
                await self._attempt(state)
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

    async def _attempt(self, state: TaskState) -> None:
        task = self._tasks[str(state.sample_id)]
        folder = self.folder(task, state.epoch)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        opened = opening(task, self._budget, tool=NAME, prediction=PREDICTION)
        attempt = Attempt(messages=list(opened))
        playing.set(task)
        model = InspectModel(get_model())
        model.follow(attempt.messages)
        state.messages = model.transcript
        tool = PythonTool(task, self._executor, folder, self._budget, self._limits)
        try:
            await run(attempt, model, tool, self._budget, self._limits)
        finally:
            model.follow(attempt.messages)
            state.messages = model.transcript
            sample_store().set(RECORD, _record(attempt))

    async def _score(self, state: TaskState) -> InspectScore:
        task = self._tasks[str(state.sample_id)]
        if task.id not in self._truths:  # the repeats of a task share its answer
            cache = cache_folder("references")
            truths, problems = await read_answers([task], self._executor, cache)
            if task.id in problems:
                return InspectScore.unscored(reason="error", explanation=str(problems[task.id]))
            self._truths |= truths
        prediction = self.folder(task, state.epoch) / PREDICTION
        try:
            score = await asyncio.to_thread(
                score_prediction, prediction, self._truths[task.id], store=self._store_hash
            )
        except TaskFormatError as error:  # the answer is broken: another attempt would be no better
            return InspectScore.unscored(reason="error", explanation=str(error))
        return InspectScore(
            value=score.score,
            explanation=score.reason.message if score.reason else None,
            metadata=asdict(score),
        )


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


def _record(attempt: Attempt) -> dict[str, object]:
    return {
        "calls": [asdict(call) for call in attempt.calls],
        "stop_reason": str(attempt.stop_reason),
        "seconds": round(attempt.seconds, 3),
        "tokens": asdict(attempt.tokens),
    }
