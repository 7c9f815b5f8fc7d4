"""Near misses: each changes the answer exactly where the record of its task says so."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from darebench.audit.checks.process_coverage import process_coverage
from darebench.audit.reference_run import ReferenceRun
from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.errors import TaskFormatError
from darebench.reference.coverage import Coverage, Effect, Missed
from darebench.reference.execute import run_spec
from darebench.reference.near_misses import Step, near_misses
from darebench.reference.prove import prove
from darebench.reference.spec import SEEDLESS, Slips, reference_spec, workflow_text
from darebench.sandbox import LocalExecutor
from darebench.scoring import score_prediction
from darebench.store.read import open_store
from darebench.store.truth import make_truth, read_settings, read_step_effects
from darebench.types import Variant


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


def people(seed: int) -> pd.DataFrame:
    """Rows whose `spent` and `group` follow from the rest."""
    rng, n = np.random.default_rng(seed), 320
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "pay": rng.lognormal(3, 0.6, n).round(2),
            "town": rng.choice(["Lyon", "Bonn", "Graz"], n),
            "size": rng.normal(20, 5, n).round(1),
        }
    )
    score = rows["age"] + 3 * rows["size"] + 12 * (rows["town"] == "Bonn") + rng.normal(0, 6, n)
    spent = (score * 3.1).round(1)
    return rows.assign(spent=spent, group=np.where(score > score.median(), "high", "low"))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store of IF tasks of both families, two workflows of each target."""
    folder = tmp_path_factory.mktemp("misses")
    (folder / "tables").mkdir()
    # Each has rows of its own, for a table that repeats another's is left out.
    people(1).drop(columns="group").to_csv(folder / "tables" / "spending.csv", index=False)
    people(2).drop(columns="spent").to_csv(folder / "tables" / "groups.csv", index=False)
    (folder / "tables" / "spending.metadata.txt").write_text(
        "Spending\n\nspent: money spent in a year, the outcome to be predicted\n"
    )
    made = curate(folder / "tables", folder / "out", options=Options(workflows=2, max_targets=2))
    return open_store(made.store)


def if_tasks(store):
    return [task for task in store.tasks if task.variant is Variant.IF]


def test_each_near_miss_changes_what_the_record_says(store, executor, tmp_path):
    """Each is run in a call of its own, and compared as any answer is."""
    seen = set()
    for task in if_tasks(store):
        settings, recorded = read_settings(task), read_step_effects(task)
        spec = reference_spec(task, settings)
        content = asyncio.run(run_spec(task, spec, executor, tmp_path)).prediction.read_bytes()
        truth = make_truth(task, content)
        effects: dict[Step, list[bool]] = {}
        for miss in near_misses(task, settings, rules=False):
            effect = recorded[miss.step].effect
            seen.add((miss.step, effect))
            if effect == Effect.NOT_APPLICABLE:
                assert recorded[miss.step].reason
                continue
            assert miss.spec is not None
            try:
                ran = asyncio.run(run_spec(task, miss.spec, executor, tmp_path))
            except TaskFormatError:
                effects.setdefault(miss.step, []).append(True)
                continue
            same = score_prediction(ran.prediction.read_bytes(), truth).score == 1.0
            effects.setdefault(miss.step, []).append(not same)
        for step, changes in effects.items():
            changed = recorded[step].effect in (Effect.CHANGED, Effect.FAILS)
            assert changed is all(changes), (task.id, step)
            assert (recorded[step].share > 0) is (recorded[step].effect == Effect.CHANGED)
    assert {Step.FILTER, Step.IMPUTER} <= {s for s, effect in seen if effect == Effect.CHANGED}


def test_the_filter_and_two_more_steps_matter_in_every_task(store, executor):
    tasks = if_tasks(store)
    assert len(tasks) >= 4
    for task in tasks:
        coverage = asyncio.run(prove(task, executor)).coverage
        assert coverage.suffices
        recorded = {step: e.model_dump() for step, e in read_step_effects(task).items()}
        again = {
            step: {"share": 0.0, "reason": "", **told}
            for step, told in coverage.as_dict().items()
            if step != Step.RULES
        }
        assert again == recorded


def test_several_workflows_of_a_target_differ_and_have_one_modelling_task(store):
    by_target: dict[tuple[str, ...], list] = {}
    for task in if_tasks(store):
        by_target.setdefault((task.cluster, *task.targets), []).append(task)
    pairs = [tasks for tasks in by_target.values() if len(tasks) == 2]
    assert pairs
    for first, second in pairs:
        styles = set()
        for task in (first, second):
            path = task.source.parent / "verify" / "all_metadata.json"
            kept = json.loads(path.read_text())["question"]
            styles.add((kept["noise"], (kept["extras"] or {}).get("scaler", "")))
        assert first.question != second.question
        variants = [
            {t.variant for t in store.tasks if t.dataset == task.dataset}
            for task in (first, second)
        ]
        assert variants == [{Variant.IF, Variant.MM}, {Variant.IF}]


def test_no_question_speaks_of_what_is_not_there(store):
    for task in if_tasks(store):
        settings = read_settings(task)
        assert ("random_state" in task.question) is (settings.model not in SEEDLESS)
        if not settings.categorical:
            assert "categor" not in task.question.lower()
        path = task.source.parent / "verify" / "all_metadata.json"
        kept = json.loads(path.read_text())["question"]
        removed = kept["removed_values"]["features"]
        says_removed = re.search(r"numbers [^.]*\b(?:removed|taken out) at random", task.question)
        assert bool(removed) is bool(says_removed)


def test_a_store_that_records_nothing_is_read(store, tmp_path):
    task = if_tasks(store)[0]
    path = task.source.parent / "verify" / "all_metadata.json"
    before, content = open_store(store.root).hash, json.loads(path.read_text())
    kept = content["question"].pop("process_coverage")
    text = path.read_text()
    try:
        path.write_text(json.dumps(content))
        assert read_step_effects(task) == {}
        assert open_store(store.root).hash == before
    finally:
        path.write_text(text)
    assert kept


def test_the_seedless_models_are_those_of_the_workflow():
    workflow: dict = {"__name__": "workflow"}
    exec(compile(workflow_text(), "workflow.py", "exec"), workflow)
    assert workflow["SEEDLESS"] == SEEDLESS


def test_a_reference_makes_no_slip(store):
    task = if_tasks(store)[0]
    spec = reference_spec(task, read_settings(task))
    assert spec.slips == Slips()
    assert spec.hash != replace(spec, slips=Slips(fill_targets=True)).hash


@pytest.mark.parametrize(
    ("changed", "suffices"),
    [
        ((Step.FILTER, Step.IMPUTER, Step.SCALING), True),
        ((Step.FILTER, Step.IMPUTER), False),
        ((Step.IMPUTER, Step.SCALING, Step.ORDER), False),
        ((Step.FILTER, Step.MISSING_ROWS, Step.READING, Step.RULES, Step.SEED), False),
    ],
)
def test_the_filter_counts_once_and_two_more_steps_are_needed(changed, suffices):
    coverage = Coverage(
        missed=tuple(
            Missed(
                step=step,
                name=step,
                effect=Effect.CHANGED if step in changed else Effect.UNCHANGED,
                share=0.5 if step in changed else 0.0,
            )
            for step in Step
        )
    )
    assert coverage.suffices is suffices
    run = ReferenceRun(
        answer=b"", failure="", difference="", coverage=coverage, recorded=None, environment=""
    )
    found = process_coverage(run)
    assert [f.figure for f in found] == ([] if suffices else [coverage.n_steps])
