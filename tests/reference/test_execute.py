"""References that share a call of the sandbox beside the same alone."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace

import pytest

from darebench.errors import SandboxFault
from darebench.reference import solve as solving
from darebench.reference.execute import run_spec, run_specs
from darebench.reference.spec import reference_spec
from darebench.sandbox import LocalExecutor, Program
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.types import Variant


@pytest.fixture(scope="module")
def starters():
    return [task for task in open_store().tasks if task.variant is Variant.IF]


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


def test_workflows_in_one_call_predict_as_alone(starters, executor, tmp_path):
    specs = [reference_spec(task, read_settings(task)) for task in starters]
    broken = replace(specs[1], targets=("not there",))
    runs = list(zip(starters, [specs[0], broken, *specs[2:]], strict=True))
    ran = asyncio.run(run_specs(runs, executor, tmp_path))
    assert list(ran) == [starters[0].id, *(task.id for task in starters[2:])]
    for task, spec in (runs[0], *runs[2:]):
        alone = tmp_path / "alone"
        alone.mkdir(exist_ok=True)
        single = asyncio.run(run_spec(task, spec, executor, alone))
        assert ran[task.id].prediction.read_bytes() == single.prediction.read_bytes()


class OneByOne:
    """Fails all calls that hold more than one reference."""

    def __init__(self, executor: LocalExecutor) -> None:
        self.executor, self.n_refused = executor, 0

    async def execute(self, program: Program):
        if len(program.save) > 1:
            self.n_refused += 1
            raise SandboxFault("too many")
        return await self.executor.execute(program)

    async def close(self) -> None:
        pass


def test_what_fails_together_is_solved_alone(starters, executor, tmp_path, monkeypatch):
    monkeypatch.setattr(solving.os, "cpu_count", lambda: 1)
    tasks = [replace(task, id=f"{task.id}-{n}") for n in range(3) for task in starters][:8]
    source = tmp_path / "dataset" / tasks[3].source.name
    shutil.copytree(tasks[3].source.parent, source.parent)
    tasks[3] = replace(tasks[3], source=source)
    spec = reference_spec(tasks[3], read_settings(tasks[3]))
    (source / spec.train).write_bytes(b"row_id\n1\n")
    together = asyncio.run(solving.solve(tasks, executor, tmp_path / "a"))
    strict = OneByOne(executor)
    alone = asyncio.run(solving.solve(tasks, strict, tmp_path / "b"))
    assert strict.n_refused
    assert list(together) == list(alone) == [task.id for task in tasks]
    for task in tasks:
        first, second = together[task.id], alone[task.id]
        if task is tasks[3]:
            assert isinstance(first, solving.Unsolved)
            assert first == second
        else:
            assert isinstance(first, solving.Reference)
            assert isinstance(second, solving.Reference)
            assert first.answer == second.answer
    assert {path.suffix for path in (tmp_path / "a").iterdir()} == {".csv", ".json"}
