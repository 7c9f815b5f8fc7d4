"""Runs many workflows of one IF task in one program of the sandbox, over tables read once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.reference.execute import LIMITS
from darebench.reference.near_misses import LACKS, Fact
from darebench.reference.spec import PipelineSpec, workflow_text
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Outcome, Program, Saved, with_settings
from darebench.types import Task

_PROGRAM = """\
import json
import traceback
import warnings
from functools import cache

import sklearn
from threadpoolctl import threadpool_limits

sklearn.set_config(skip_parameter_validation=True)  # which takes a fifth of a small run's time
workflow = {"__name__": "workflow"}
exec(compile(SETTINGS["text"], "workflow.py", "exec"), workflow)
# No run changes a table that it has read.
workflow["read_table"] = cache(workflow["read_table"])


def holds(fact, run, noisy):
    extras = run["extras"]
    if fact == "na_words":
        return any(
            workflow["read_table"](name, na_words=True).isna().sum().sum()
            > workflow["read_table"](name).isna().sum().sum()
            for name in (run["train"], run["val"])
        )
    if fact == "missing_numbers" and (extras["derived"] or extras["groups"]):
        return True
    train, val = workflow["read_joined"](run)
    if fact == "missing_numbers":
        names = list(run["numerical"])
        return bool(train[names].isna().any(axis=None) or val[names].isna().any(axis=None))
    names = run["targets"] if fact == "missing_targets" else [n for n in noisy if n in train]
    return bool(train[list(names)].isna().any(axis=None))


facts = {}
for number, (run, fact) in enumerate(SETTINGS["runs"]):
    told = {"run": number}
    try:
        if fact and fact not in facts:
            facts[fact] = holds(fact, run, SETTINGS["filtered"])
        if fact and not facts[fact]:
            told["lacks"] = fact
        else:
            with threadpool_limits(run["threads"]), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                workflow["main"](run)
    except Exception as error:
        told["failed"] = " ".join(traceback.format_exception_only(error)[-1].split())
    print(json.dumps(told))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run of a batch gave."""

    content: bytes | None = None
    """The prediction file; None if there is none."""
    failure: str = ""
    """Why there is none: how it ended."""
    lacks: str = ""
    """Why there is none: it was not run, because the tables lack what it is about."""


async def run_batch(
    task: Task, runs: Sequence[tuple[PipelineSpec, Fact | None]], executor: Executor
) -> tuple[list[Answer], float]:
    """Run workflows of one task one after the other; one that fails does not stop the others.

    Args:
        task: The task, whose files they read.
        runs: Each workflow, with what the tables must hold for it to be run at all.
        executor: The sandbox.

    Returns:
        An answer for each run, and the seconds that the program took.

    Raises:
        TaskFormatError: The program did not end by itself.
        SandboxFault: The sandbox failed, repeatedly.
    """
    specs = [replace(spec, output=f"answer_{number}.csv") for number, (spec, _) in enumerate(runs)]
    settings = {
        "text": workflow_text(),
        "runs": [(asdict(spec), fact) for spec, (_, fact) in zip(specs, runs, strict=True)],
        "filtered": sorted({name for spec in specs for name in spec.ranges or {}}),
    }
    with tempfile.TemporaryDirectory(prefix="darebench-batch-") as folder:
        program = Program(
            code=with_settings(_PROGRAM, settings),
            load={name: task.source / name for s in specs for name in s.inputs},
            save=tuple(spec.output for spec in specs),
            save_to=Path(folder),
            limits=LIMITS,
        )
        outcome = await execute_retrying(executor, program)
        told = _told(outcome)
        if len(told) < len(specs):
            last = (outcome.stderr.strip() or outcome.detail or "no output").splitlines()[-1]
            raise TaskFormatError(f"{task.id}: the workflow ended with {outcome.status}: {last}")
        answers = [_answer(told[n], outcome, spec.output) for n, spec in enumerate(specs)]
    return answers, outcome.seconds


def _told(outcome: Outcome) -> dict[int, Mapping[str, str]]:
    lines = [line for line in outcome.stdout.splitlines() if line.startswith('{"run": ')]
    return {told["run"]: told for told in map(json.loads, lines)}


def _answer(told: Mapping[str, str], outcome: Outcome, name: str) -> Answer:
    if "lacks" in told:
        return Answer(lacks=LACKS[Fact(told["lacks"])])
    saved = outcome.files.get(name)
    if "failed" in told or not isinstance(saved, Saved):
        return Answer(failure=told.get("failed", "it left no prediction"))
    return Answer(content=saved.path.read_bytes())
