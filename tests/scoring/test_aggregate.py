"""Means, clustered errors, comparisons."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from darebench.scoring.aggregate import (
    Observation,
    compare,
    pass_at_k,
    performance,
    summarise,
    summary,
)
from darebench.scoring.intervals import clustered_error
from darebench.types import Track


def seen(task, score, cluster=None, column="reg-MM", answered=True):
    return Observation(
        task=task, track=Track(column), cluster=cluster or task, score=score, answered=answered
    )


def test_the_error_is_the_cluster_robust_one():
    rng = np.random.default_rng(0)
    values, clusters = rng.random(60), rng.integers(0, 20, 60)
    fit = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert clustered_error(list(values), [str(c) for c in clusters]) == pytest.approx(fit.bse[0])


def test_one_cluster_has_no_error():
    assert clustered_error([1.0, 0.0], ["a", "a"]) is None


def test_repeats_are_averaged_before_tasks():
    found = summary([seen("a", 1.0), seen("a", 0.0), seen("b", 0.0)])
    assert (found.mean, found.n, found.attempts) == (0.25, 2, 3)
    assert found.run_to_run == pytest.approx(0.5**0.5)


def test_unscored_attempts_are_counted_and_not_averaged():
    found = summarise([seen("a", 1.0), seen("b", None), seen("c", 0.0, answered=False)])["reg-MM"]
    assert (found.mean, found.n, found.unscored, found.answered) == (0.5, 2, 1, 1)


def test_runs_are_compared_task_by_task():
    first = [seen(str(i), 0.5 + 0.01 * i) for i in range(10)]
    second = [seen(str(i), 0.01 * i + (i % 2) * 0.1) for i in range(10)]
    found = compare(first, second)
    assert found.difference == pytest.approx(0.45)
    assert found.low is not None
    assert found.low < 0.45
    with pytest.raises(ValueError, match="no scored task"):
        compare(first, [])


def test_pass_at_k_is_unbiased():
    assert pass_at_k(3, 1, 1) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(2, 3, 1)


def test_performance_is_of_successful_modelling_attempts():
    attempts = [seen("a", 0.8), seen("b", 0.0, answered=False), seen("c", 1.0, column="class-IF")]
    assert performance(attempts) == 0.8
