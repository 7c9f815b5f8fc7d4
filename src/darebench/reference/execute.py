"""Runs workflows in the sandbox: one in a call of its own, or several one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from darebench.errors import TaskFormatError
from darebench.reference.spec import PipelineSpec, workflow_text
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Limits, Outcome, Program, Saved, Status, with_settings
from darebench.types import Task

LIMITS = Limits(wall_s=600.0)
_SEVERAL = """\
import time
import traceback
from threadpoolctl import threadpool_limits

workflow = {"__name__": "workflow"}
exec(compile(SETTINGS["text"], "workflow.py", "exec"), workflow)
with threadpool_limits(SETTINGS["threads"]):
    for number, settings in enumerate(SETTINGS["runs"]):
        start = time.perf_counter()
        try:
            workflow["main"](settings)
        except Exception:
            traceback.print_exc()
        else:
            print(f"workflow {number}: {time.perf_counter() - start:.3f} s")
"""
_DONE = re.compile(r"^workflow (\d+): ([\d.]+) s$", re.MULTILINE)


class Ran(NamedTuple):
    """A workflow that has written its prediction."""

    prediction: Path
    seconds: float


async def run_spec(task: Task, spec: PipelineSpec, executor: Executor, folder: Path) -> Ran:
    """Run one workflow of a task; its prediction lands in `folder`.

    Raises:
        TaskFormatError: The workflow failed, so the task is broken.
        SandboxFault: The sandbox failed, repeatedly.
    """
    program = Program(
        code=spec.render(),
        load={name: task.source / name for name in spec.inputs},
        save=(spec.output,),
        save_to=folder,
        limits=LIMITS,
    )
    outcome = await execute_retrying(executor, program)
    saved = outcome.files.get(spec.output)
    if outcome.status is not Status.OK or not isinstance(saved, Saved):
        last = (outcome.stderr.strip() or outcome.detail or "no output").splitlines()[-1]
        raise TaskFormatError(f"{task.id}: the workflow ended with {outcome.status}: {last}")
    return Ran(saved.path, outcome.seconds)


async def run_specs(
    runs: Sequence[tuple[Task, PipelineSpec]], executor: Executor, folder: Path
) -> dict[str, Ran]:
    """Run workflows with the same threads in one call, which costs as much as one alone does.

    Returns:
        Task id -> result of each that ended well; run the others alone to see why they failed.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
    """
    settings = [_renamed(number, spec) for number, (_, spec) in enumerate(runs)]
    program = Program(
        code=with_settings(
            _SEVERAL, {"text": workflow_text(), "threads": runs[0][1].threads, "runs": settings}
        ),
        load={
            f"{number}-{name}": task.source / name
            for number, (task, spec) in enumerate(runs)
            for name in spec.inputs
        },
        save=tuple(chosen["output"] for chosen in settings),
        save_to=folder,
        limits=LIMITS,
    )
    return _ended_well(runs, await execute_retrying(executor, program))


def _renamed(number: int, spec: PipelineSpec) -> dict[str, Any]:
    """Return the settings of one run of several, whose files need names of their own."""
    names = {"train": spec.train, "val": spec.val, "output": spec.output}
    return asdict(spec) | {key: f"{number}-{name}" for key, name in names.items()}


def _ended_well(runs: Sequence[tuple[Task, PipelineSpec]], outcome: Outcome) -> dict[str, Ran]:
    ran = {}
    for number, seconds in _DONE.findall(outcome.stdout):
        task, spec = runs[int(number)]
        saved = outcome.files.get(f"{number}-{spec.output}")
        if isinstance(saved, Saved):
            ran[task.id] = Ran(saved.path, float(seconds))
    return ran
