"""A diagnosis names the step that was broken by hand, and claims nothing where it cannot know."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import darebench
from by_hand import work_by_hand, write_if_store
from darebench.evals.batch import read_truths
from darebench.reference.answer_values import Gap
from darebench.reference.diagnosis import WORDS, Diagnosing, conclude
from darebench.reference.diagnosis_misses import WORKFLOW, Columns, candidates, combine
from darebench.reference.near_misses import Step
from darebench.sandbox import LocalExecutor
from darebench.store.read import open_store
from darebench.store.truth import read_settings

CLASS, REG = "kinds_class/if", "scores_reg/if"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(write_if_store(tmp_path_factory.mktemp("if") / "store"))


@pytest.fixture(scope="module")
def diagnosing(store):
    executor = LocalExecutor(2)
    truths, problems = read_truths(store.tasks)
    assert not problems
    found = {task.id: Diagnosing(task, truths[task.id], executor) for task in store.tasks}
    yield found
    executor.close_now()


def diagnose(diagnosing, store, task_id, *breaks):
    with threadpool_limits(1):
        answer = work_by_hand(store.task(task_id), *breaks)
    return asyncio.run(diagnosing[task_id].diagnose(answer))


@pytest.mark.parametrize(
    ("task", "broken", "step", "name"),
    [
        (CLASS, "filter", Step.FILTER, "without the filter"),
        (REG, "ends", Step.FILTER, "with the ends of the ranges dropped too"),
        (CLASS, "missing", Step.MISSING_ROWS, "with rows dropped whose filtered values are missing"),
        (CLASS, "incomplete", Step.MISSING_ROWS, "with training rows dropped in which a feature is missing"),
        (REG, "words", Step.READING, "with pandas' own words for missing values"),
        (REG, "feature", Step.FEATURES, "without the feature 'size'"),
        (CLASS, "more", Step.FEATURES, "with every column as a feature"),
        (CLASS, "kind", Step.KINDS, "with 'weight' taken for a category"),
        (REG, "order", Step.ORDER, "with the features in the order of the file"),
        (CLASS, "impute", Step.IMPUTER, "with the median imputer"),
        (CLASS, "own", Step.IMPUTER, "with a category of its own for missing ones"),
        (CLASS, "both", Step.FITTING, "with imputers, scaler and encoder fitted to the rows to predict too"),
        (CLASS, "scale", Step.SCALING, "without scaling"),
        (CLASS, "minmax", Step.SCALING, "with MinMaxScaler"),
        (CLASS, "encode", Step.ENCODING, "with OrdinalEncoder"),
        (REG, "encode", Step.ENCODING, "with OrdinalEncoder"),
        (CLASS, "model", Step.MODEL, "with GaussianNB as the model"),
        (REG, "model", Step.MODEL, "with Ridge as the model"),
        (REG, "seed", Step.SEED, "with random_state 42"),
    ],
)  # fmt: skip
def test_the_broken_step_is_named(diagnosing, store, task, broken, step, name):
    found = diagnose(diagnosing, store, task, broken)
    assert not found.followed
    assert name in found.equals, found.sentence
    assert step in found.steps
    if len(found.steps) == 1:
        assert (found.step, found.sentence.endswith(f"followed is {WORDS[step]}.")) == (step, True)
    else:
        assert "does not tell which of them" in found.sentence


@pytest.mark.parametrize(
    ("task", "breaks", "step"),
    [
        (REG, ("filter", "model"), Step.FILTER),
        (REG, ("words", "encode"), Step.READING),
        (REG, ("feature", "encode"), Step.FEATURES),
    ],
)
def test_of_two_broken_steps_the_first_is_named(diagnosing, store, task, breaks, step):
    found = diagnose(diagnosing, store, task, *breaks)
    assert step in found.steps, found.sentence
    assert any(" and with" in name for name in found.equals)


@pytest.mark.parametrize("task", [CLASS, REG])
def test_an_answer_that_followed_all_is_told_so_without_a_run(diagnosing, store, task):
    found = diagnose(diagnosing, store, task)
    assert (found.followed, found.step, found.tried) == (True, None, 0)
    for bad in (None, b"", b"row_id,y\n1,\n"):
        found = asyncio.run(diagnosing[task].diagnose(bad))
        assert (found.followed, found.steps, "no prediction" in found.sentence) == (False, (), True)


def test_an_answer_like_no_near_miss_gets_no_step(diagnosing, store):
    with threadpool_limits(1):
        answer = pd.read_csv(io.BytesIO(work_by_hand(store.task(REG), "impute")))
    answer["y"] += np.where(answer.index < 3, 0.5, 0.0)
    found = asyncio.run(diagnosing[REG].diagnose(answer.to_csv(index=False).encode()))
    assert (found.followed, found.steps, found.equals) == (False, (), ())
    assert found.nearest == "with the median imputer"
    assert found.agreement == pytest.approx(397 / 400)
    assert f"none of the {found.tried} near misses" in found.sentence
    assert "This does not show what was done." in found.sentence
    assert Step.TARGETS in found.unseen


@pytest.mark.parametrize(("task", "value"), [(CLASS, "high"), (REG, 45.5)])
def test_a_constant_answer_shows_nothing(diagnosing, store, task, value):
    answer = pd.read_csv(store.task(task).source / "val_v1.csv")[["row_id"]].assign(y=value)
    found = asyncio.run(diagnosing[task].diagnose(answer.to_csv(index=False).encode()))
    assert (found.followed, found.steps, found.tried) == (False, (), 0)
    assert "same value in every row" in found.sentence


def test_it_is_a_function_of_the_package(store):
    with threadpool_limits(1):
        answer = work_by_hand(store.task(CLASS), "scale")
    assert darebench.diagnose(answer, CLASS, store=store).step is Step.SCALING
    with pytest.raises(darebench.TaskFormatError, match="no workflow"):
        darebench.diagnose(answer, "iris_class/mm")


def test_every_step_stands_in_the_workflow_and_has_words():
    assert set(WORKFLOW) == set(Step) == set(WORDS)


def test_names_tell_candidates_apart_and_pairs_change_both(store):
    for task in store.tasks:
        settings = read_settings(task)
        n_values = dict.fromkeys((*settings.features, "extra", "y", "row_id"), 9)
        single = candidates(task, settings, Columns(names=tuple(n_values), n_values=n_values))
        assert len({c.name for c in single}) == len(single)
        assert len({c.spec.hash for c in single}) == len(single)
        for number, first in enumerate(single):
            for second in single[:number]:
                both, turned = (
                    combine(task, settings, a, b) for a, b in ((first, second), (second, first))
                )
                assert both == turned
                if both is not None:
                    assert both.spec not in (first.spec, second.spec)
                    assert WORKFLOW.index(both.steps[0]) <= WORKFLOW.index(both.steps[1])


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10)), max_size=6),
    st.tuples(st.floats(0, 0.999), st.floats(0, 10)),
    st.booleans(),
)
def test_nothing_is_claimed_that_is_not_equal(store, gaps, own, are_labels):
    task = store.tasks[0]
    settings = read_settings(task)
    single = candidates(task, settings, Columns(names=(), n_values={}))
    compared = [
        (c, Gap(equal=a == 1.0, agreement=a, distance=d))
        for c, (a, d) in zip(single, gaps, strict=False)
    ]
    gap = Gap(equal=False, agreement=own[0], distance=own[1])
    found = conclude(compared, gap, (), are_labels=are_labels)
    equal = [c for c, g in compared if g.equal]
    assert set(found.equals) == {c.name for c in equal}
    assert set(found.steps) == {c.steps[0] for c in equal}
    assert not found.followed
    if not equal:
        assert "100.0 %" not in found.sentence
        nearest = min((g.distance for _, g in compared), default=11.0)
        assert (found.nearest is None) is (nearest >= own[1])
