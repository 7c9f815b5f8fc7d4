"""Agents on a task as it is and with its training shuffled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.audit.blind import AgentScore, AgentScores, play_agents, shuffle_training
from darebench.audit.checks.blind_agent import blind_agent
from darebench.sandbox.local import LocalExecutor
from darebench.store.read import open_store
from darebench.store.tables import read_table
from darebench.store.truth import read_truth


@pytest.fixture(scope="module")
def task():
    """A modelling task of the starter store, whose features tell the class."""
    return next(t for t in open_store(None).tasks if t.track == "class-MM")


def test_shuffling_keeps_the_values_of_each_column_and_breaks_the_rows(task, tmp_path):
    name = next(n for n in task.files if n.startswith("train"))
    shuffled = shuffle_training(task, tmp_path)
    before, after = read_table(task.source / name), read_table(shuffled.source / name)
    assert [*before.columns] == [*after.columns]
    for column in before.columns:
        assert sorted(map(str, before[column])) == sorted(map(str, after[column]))
    rows = [{*map(tuple, frame.astype(str).to_numpy())} for frame in (before, after)]
    assert len(rows[0] & rows[1]) < 0.2 * len(before)
    for other in {*task.files} - {name}:
        assert (shuffled.source / other).read_bytes() == (task.source / other).read_bytes()


def test_shuffling_is_the_same_for_the_same_seed(task, tmp_path):
    name = next(n for n in task.files if n.startswith("train"))
    texts = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        (tmp_path / folder).mkdir()
        shuffled = shuffle_training(task, tmp_path / folder, seed)
        texts.append(read_table(shuffled.source / name).to_csv())
    assert texts[0] == texts[1] != texts[2]


def test_an_agent_scores_less_when_the_training_says_nothing(task):
    executor = LocalExecutor(1)
    try:
        scores = play_agents(task, read_truth(task), executor)
    finally:
        executor.close_now()
    assert scores.baseline.score > scores.trivial.score + 0.2
    assert scores.baseline.blind < scores.baseline.score - 0.2
    assert scores.as_dict()["difficulty"] == pytest.approx(1 - scores.baseline.score, abs=1e-4)
    assert blind_agent(scores) == []


@pytest.mark.parametrize(("blind", "is_found"), [(0.62, True), (0.45, False)])
def test_a_task_that_is_won_without_its_data_is_found(blind, is_found):
    scores = AgentScores(
        trivial=AgentScore(score=0.4, blind=0.4),
        baseline=AgentScore(score=0.9, blind=blind),
        seed=0,
    )
    assert [f.figure for f in blind_agent(scores)] == ([pytest.approx(0.22)] if is_found else [])


def test_numbers_and_missing_values_survive_shuffling(task, tmp_path):
    """A column of whole numbers with blanks is not written as text."""
    frame = pd.DataFrame({"row_id": range(50), "x": [1.0, np.nan] * 25, "y": [*"ab"] * 25})
    source = tmp_path / "source"
    source.mkdir()
    frame.to_csv(source / "train.csv", index=False)
    from dataclasses import replace

    out = tmp_path / "out"
    out.mkdir()
    shuffled = shuffle_training(replace(task, source=source, files=("train.csv",)), out)
    after = read_table(shuffled.source / "train.csv")
    assert [*after["row_id"]] == [*range(50)]
    assert after["x"].isna().sum() == 25
    assert after["x"].dtype == float
