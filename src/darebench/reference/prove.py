"""Proves an IF task in one run of the sandbox: the reference, the literal path, more threads.

`checking` starts a process for each of them, which proves more and takes several times as long.
This module is for curation, which proves thousands of tasks and leaves the rest to
`darebench reference`.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.reference.execute import LIMITS
from darebench.reference.spec import PipelineSpec, literal_spec, reference_spec, workflow_text
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Program, Saved, Status, with_settings
from darebench.scoring import score_prediction
from darebench.store.truth import make_truth, read_settings
from darebench.types import Task

_RUN_THE_OTHERS = """

for settings in json.loads({others!r}):
    with threadpool_limits(settings["threads"]):
        main(settings)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one run shows of an IF task."""

    answer: bytes
    """The reference's prediction file."""
    problem: str
    """The path that gives another answer; empty if none does."""
    seconds: float


async def prove(task: Task, executor: Executor) -> Proof:
    """Run the reference, the literal path, and the reference with two threads.

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
    specs = {
        name: replace(spec, output=f"answer_{number}.csv")
        for number, (name, spec) in enumerate(specs.items())
    }
    answers, seconds = await _run(task, list(specs.values()), executor)
    truth = make_truth(task, answers[0])
    scores = [score_prediction(answer, truth) for answer in answers]
    other = [name for name, score in zip(specs, scores, strict=True) if score.score != 1.0]
    problem = f"{other[0]} gives another answer" if other else ""
    return Proof(answer=answers[0], problem=problem, seconds=seconds)


async def _run(
    task: Task, specs: list[PipelineSpec], executor: Executor
) -> tuple[list[bytes], float]:
    first, *others = [asdict(spec) for spec in specs]
    code = with_settings(workflow_text(), first)
    code += _RUN_THE_OTHERS.format(others=json.dumps(others, ensure_ascii=True))
    inputs = {name for spec in specs for name in spec.inputs}
    with tempfile.TemporaryDirectory(prefix="darebench-prove-") as folder:
        program = Program(
            code=code,
            load={name: task.source / name for name in sorted(inputs)},
            save=tuple(spec.output for spec in specs),
            save_to=Path(folder),
            limits=LIMITS,
        )
        outcome = await execute_retrying(executor, program)
        if outcome.status is not Status.OK or not all(
            isinstance(saved, Saved) for saved in outcome.files.values()
        ):
            last = (outcome.stderr.strip() or outcome.detail or "no output").splitlines()[-1]
            raise TaskFormatError(f"{task.id}: the workflow ended with {outcome.status}: {last}")
        return [(Path(folder) / spec.output).read_bytes() for spec in specs], outcome.seconds
