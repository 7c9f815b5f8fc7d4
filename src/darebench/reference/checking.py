"""Proves IF tasks: the written steps give the reference, and it does not depend on the run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from darebench.errors import DareError
from darebench.reference.answers import reference_truth
from darebench.reference.execute import run_spec
from darebench.reference.solve import Reference, Unsolved
from darebench.reference.spec import PipelineSpec, literal_spec, reference_spec
from darebench.sandbox.executor import Executor
from darebench.scoring import score_prediction
from darebench.store.truth import read_settings
from darebench.types import Task, Truth, Variant

THREADS = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCheck:
    """What holds of one IF task."""

    task: str
    reference: Path | None
    literal_equal: bool
    """Whether the literal path from the noisy file scores 1 against the reference."""
    repeatable: bool
    """Whether repeats of the reference do, with 1 and with 2 threads."""
    seconds: float
    detail: str
    """What does not hold, or which repeats differ in bytes though not in score."""


async def check(
    tasks: Sequence[Task],
    solved: Mapping[str, Reference | Unsolved],
    executor: Executor,
    *,
    on_done: Callable[[str], None] | None = None,
) -> list[ReferenceCheck]:
    """Check every IF task among `tasks`, in their order, against what `solve` returned for it."""
    chosen = [t for t in tasks if t.variant is Variant.IF]

    async def one(task: Task) -> ReferenceCheck:
        result = await _check_one(task, solved[task.id], executor)
        if on_done is not None:
            on_done(task.id)
        return result

    return list(await asyncio.gather(*map(one, chosen)))


async def _check_one(
    task: Task, solved: Reference | Unsolved, executor: Executor
) -> ReferenceCheck:
    if isinstance(solved, Unsolved):
        return _failed(task, None, 0.0, solved.message)
    try:
        truth = reference_truth(task, solved)
        settings = read_settings(task)
        literal = await _compare(task, literal_spec(task, settings), executor, truth)
        repeats = [
            await _compare(task, reference_spec(task, settings, threads=n), executor, truth)
            for n in THREADS
        ]
    except DareError as error:
        return _failed(task, solved.path, solved.seconds, str(error))
    notes = [literal.note("the literal path")]
    notes += [r.note(f"with {n} threads") for n, r in zip(THREADS, repeats, strict=True)]
    return ReferenceCheck(
        task=task.id,
        reference=solved.path,
        literal_equal=literal.equal,
        repeatable=all(r.equal for r in repeats),
        seconds=solved.seconds,
        detail="; ".join(filter(None, notes)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    score: float
    same_bytes: bool
    reason: str

    @property
    def equal(self) -> bool:
        return self.score == 1.0

    def note(self, what: str) -> str:
        if not self.equal:
            return f"{what} gives another answer {self.reason}".rstrip()
        return "" if self.same_bytes else f"{what} differs in bytes, within tolerance"


async def _compare(task: Task, spec: PipelineSpec, executor: Executor, truth: Truth) -> _Comparison:
    with tempfile.TemporaryDirectory(prefix="darebench-check-") as folder:
        await run_spec(task, spec, executor, Path(folder))
        answer = (Path(folder) / spec.output).read_bytes()
    score = score_prediction(answer, truth)
    reason = f"({score.reason.message})" if score.reason else ""
    return _Comparison(score=score.score, same_bytes=answer == truth.csv, reason=reason)


def _failed(task: Task, reference: Path | None, seconds: float, message: str) -> ReferenceCheck:
    return ReferenceCheck(
        task=task.id,
        reference=reference,
        literal_equal=False,
        repeatable=False,
        seconds=seconds,
        detail=message,
    )
