"""Proves an IF task in one run of the sandbox: the reference, the literal path, more threads.

`checking` starts a process for each of them, which proves more and takes several times as long.
This module is for curation, which proves thousands of tasks and leaves the rest to
`darebench reference`. The same run tells what each step of the workflow changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from darebench.errors import TaskFormatError
from darebench.reference.batch import run_batch
from darebench.reference.coverage import Coverage, compare
from darebench.reference.near_misses import near_misses
from darebench.reference.spec import literal_spec, reference_spec
from darebench.sandbox.executor import Executor
from darebench.scoring import score_prediction
from darebench.store.truth import make_truth, read_settings
from darebench.types import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one run shows of an IF task."""

    answer: bytes
    """The reference's prediction file."""
    problem: str
    """The path that gives another answer; empty if none does."""
    coverage: Coverage
    """What its near misses change."""
    seconds: float


async def prove(task: Task, executor: Executor, *, rules: bool = True) -> Proof:
    """Run the reference, the literal path, the reference with two threads, and near misses.

    Args:
        task: The task.
        executor: The sandbox.
        rules: Whether each single rule of the filter is left out once, which are the most runs.

    Raises:
        TaskFormatError: The workflow fails.
        SandboxFault: The sandbox failed, repeatedly.
    """
    settings = read_settings(task)
    specs = {
        "the reference": reference_spec(task, settings),
        "the literal path": literal_spec(task, settings),
        "the reference with 2 threads": reference_spec(task, settings, threads=2),
    }
    misses = near_misses(task, settings, rules=rules)
    made = [(miss.name, miss.spec, miss.needs) for miss in misses if miss.spec is not None]
    runs = [(spec, None) for spec in specs.values()] + [(spec, fact) for _, spec, fact in made]
    answers, seconds = await run_batch(task, runs, executor)
    own = answers[: len(specs)]
    for name, answer in zip(specs, own, strict=True):
        if answer.content is None:
            raise TaskFormatError(f"{task.id}: the workflow fails ({name}): {answer.failure}")
    truth = make_truth(task, own[0].content or b"")
    scores = [score_prediction(answer.content, truth) for answer in own]
    other = [name for name, score in zip(specs, scores, strict=True) if score.score != 1.0]
    problem = f"{other[0]} gives another answer" if other else ""
    by_name = dict(zip((name for name, _, _ in made), answers[len(specs) :], strict=True))
    coverage = compare(misses, by_name, truth)
    return Proof(answer=own[0].content or b"", problem=problem, coverage=coverage, seconds=seconds)
