"""References of rich workflows share calls of the sandbox, and none runs twice."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.curate.curation_options import Steps, Style
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Design, RawTable, Table
from darebench.curate.writing.draw_workflow import draw_workflow
from darebench.curate.writing.package import package_tabular
from darebench.reference import solve as solving
from darebench.reference.execute import run_spec
from darebench.reference.spec import PipelineSpec, reference_spec
from darebench.sandbox import LocalExecutor, Program
from darebench.store.extras import Extras, Join
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.store.write import write_store
from darebench.types import Family, Variant

NAMES = st.text(st.characters(whitelist_categories=["L", "N"]), min_size=1, max_size=9)


class Counting:
    """Counts how often each reference is computed."""

    def __init__(self, executor: LocalExecutor) -> None:
        self.executor, self.n_workflows, self.n_calls = executor, 0, 0

    async def execute(self, program: Program):
        self.n_workflows += len(program.save)
        self.n_calls += 1
        return await self.executor.execute(program)

    async def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture(scope="module")
def rich_tasks(tmp_path_factory):
    """Make IF tasks of rich workflows, joins of both kinds among them."""
    rng = np.random.default_rng(2)
    columns = {
        "age": rng.integers(18, 90, 400),
        "pay": rng.lognormal(3, 1, 400).round(2),
        "town": rng.choice(["Lyon", "Bonn", "Graz"], 400),
        "trade": rng.choice([*"abcdefghijklmnop"], 400),
    }
    frame = pd.DataFrame({**columns, "target": columns["age"] + 9 * rng.normal(size=400)})
    frame = clean(frame)
    raw = RawTable(title="People", about="", licence="", updated="", frame=frame)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    design = Design(family=Family.REG, target="target", features=tuple(columns))
    draft = draft_tabular(table, design, np.random.default_rng(0))
    style = Style(steps=Steps.RICH)
    made = []
    for n, rng in enumerate(map(np.random.default_rng, range(12))):
        workflow = draw_workflow(draft, rng, style)
        assert workflow is not None
        made.append(package_tabular(draft, workflow, f"t{n}_reg", rng))
    root = tmp_path_factory.mktemp("rich") / "store"
    write_store(made, root)
    tasks = [task for task in open_store(root).tasks if task.variant is Variant.IF]
    joins = [read_settings(task).extras.join for task in tasks]
    assert {join.how for join in joins if join} == {"left", "inner"}
    return tasks


def test_no_reference_runs_twice(rich_tasks, executor, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(solving.os, "cpu_count", lambda: 1)
    counting = Counting(executor)
    with caplog.at_level(logging.WARNING, "darebench.reference"):
        solved = asyncio.run(solving.solve(rich_tasks, counting, tmp_path / "cache"))
    assert counting.n_workflows == len(rich_tasks) == 12
    assert counting.n_calls == 4
    assert caplog.messages == []
    for task in rich_tasks:
        alone = tmp_path / "alone"
        alone.mkdir(exist_ok=True)
        spec = reference_spec(task, read_settings(task))
        single = asyncio.run(run_spec(task, spec, executor, alone))
        assert solved[task.id].path.read_bytes() == single.prediction.read_bytes()


def test_a_failure_in_a_shared_call_is_told(rich_tasks, executor, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(solving.os, "cpu_count", lambda: 1)
    broken = read_settings(rich_tasks[5])
    spec = reference_spec(rich_tasks[5], broken)
    find = solving.reference_spec

    def spoilt(task, settings):
        made = find(task, settings)
        return replace(made, targets=("not there",)) if made == spec else made

    monkeypatch.setattr(solving, "reference_spec", spoilt)
    counting = Counting(executor)
    with caplog.at_level(logging.WARNING, "darebench.reference"):
        solved = asyncio.run(solving.solve(rich_tasks, counting, tmp_path))
    failed = [task for task, found in solved.items() if isinstance(found, solving.Unsolved)]
    assert failed == [rich_tasks[5].id]
    assert counting.n_workflows == 13
    (message,) = caplog.messages
    assert message.startswith(f"{rich_tasks[5].id}: its reference failed in a shared call: KeyErr")


@given(train=NAMES, val=NAMES, lookup=st.none() | NAMES, output=NAMES)
def test_a_renamed_run_has_new_names_for_all_its_files(train, val, lookup, output):
    spec = PipelineSpec(
        train=f"{train}.csv",
        val=f"{val}.sqlite",
        targets=("y",),
        features=("x",),
        numerical=("x",),
        categorical=(),
        imputer="mean",
        model="Ridge",
        random_state=1,
        ranges=None,
        types={},
        extras=Extras(join=lookup and Join(file=f"{lookup}.csv", key="k", how="left")),
        output=output,
    )
    renamed = spec.renamed("7-")
    assert renamed.inputs == tuple(f"7-{name}" for name in spec.inputs)
    assert renamed.output == f"7-{output}"
    assert renamed.renamed("").hash == renamed.hash != spec.hash
