"""Runs workflows in the sandbox: one in a call of its own, or several one after the other."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from darebench.errors import TaskFormatError
from darebench.reference.spec import PipelineSpec, workflow_text
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Limits, Outcome, Program, Saved, Status, with_settings
from darebench.types import Task

log = logging.getLogger(__name__)
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
        except Exception as error:
            last = " ".join(traceback.format_exception_only(error)[-1].split())
            print(f"workflow {number} failed: {last}")
        else:
            print(f"workflow {number}: {time.perf_counter() - start:.3f} s")
"""
_DONE = re.compile(r"^workflow (\d+): ([\d.]+) s$", re.MULTILINE)
_FAILED = re.compile(r"^workflow (\d+) failed: (.*)$", re.MULTILINE)


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
        Task id -> result of each that ended well. The others are named in the log; run them alone.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
    """
    specs = [spec.renamed(f"{number}-") for number, (_, spec) in enumerate(runs)]
    settings = {
        "text": workflow_text(),
        "threads": specs[0].threads,
        "runs": [asdict(spec) for spec in specs],
    }
    program = Program(
        code=with_settings(_SEVERAL, settings),
        load={
            name: task.source / original
            for (task, given), spec in zip(runs, specs, strict=True)
            for name, original in zip(spec.inputs, given.inputs, strict=True)
        },
        save=tuple(spec.output for spec in specs),
        save_to=folder,
        limits=LIMITS,
    )
    outcome = await execute_retrying(executor, program)
    ran: dict[str, Ran] = {}
    for number, seconds in _DONE.findall(outcome.stdout):
        saved = outcome.files.get(specs[int(number)].output)
        if isinstance(saved, Saved):
            ran[runs[int(number)][0].id] = Ran(saved.path, float(seconds))
    _log_failures([task for task, _ in runs], ran, outcome)
    return ran


def _log_failures(tasks: Sequence[Task], ran: Mapping[str, Ran], outcome: Outcome) -> None:
    told = {tasks[int(number)].id: why for number, why in _FAILED.findall(outcome.stdout)}
    for task in tasks:
        if task.id not in ran:
            why = told.get(task.id) or outcome.detail or f"the call ended with {outcome.status}"
            log.warning("%s: its reference failed in a shared call: %s", task.id, why)
