"""Intervals of means: what the formulas say, and silence where they say nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from darebench.scoring.aggregate import Observation, as_json, compare, summarise
from darebench.scoring.intervals import MIN_BOOTSTRAP, spread
from darebench.types import Track


def drawn(n, n_clusters, seed=0):
    """Draw scores and clusters of unequal sizes, each of which occurs."""
    rng = np.random.default_rng(seed)
    clusters = [*range(n_clusters), *rng.integers(0, n_clusters, n - n_clusters)]
    return list(rng.random(n)), [f"c{c}" for c in clusters]


@pytest.mark.parametrize("n_clusters", [3, 9, 20])
def test_the_interval_is_t_on_the_cluster_robust_error(n_clusters):
    values, clusters = drawn(60, n_clusters)
    groups = [int(c[1:]) for c in clusters]
    fit = sm.OLS(values, np.ones(60)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "df_correction": True}, use_t=True
    )
    found = spread(values, clusters)
    assert found.stderr == pytest.approx(fit.bse[0])
    assert found.interval == pytest.approx(tuple(fit.conf_int()[0]))
    assert (found.clusters, found.note) == (n_clusters, None)


def test_two_clusters_have_no_error_however_close_they_are():
    """48.64 with an error of 0.27: the residuals of two clusters cancel out."""
    found = spread([0.0, 0.97, 0.49], ["a", "a", "b"])
    assert (found.stderr, found.interval, found.bootstrap) == (None, None, None)
    assert "it takes 3 source datasets (here: 2)" in found.note
    wide = spread([0.0, 0.97, 0.49], ["a", "b", "c"])
    assert wide.interval == (0.0, 1.0)


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("score", [0.0, 1.0])
def test_equal_scores_of_0_or_1_have_the_exact_interval(n, score):
    found = spread([score] * n, [str(i) for i in range(n)])
    wanted = binomtest(int(score) * n, n).proportion_ci(0.95, method="exact")
    assert found.interval == pytest.approx((wanted.low, wanted.high))
    assert found.stderr is None
    assert f"among {n} source datasets" in found.note


def test_repeats_within_clusters_give_no_more_certainty():
    many = spread([1.0] * 30, ["abc"[i % 3] for i in range(30)])
    assert many.interval == spread([1.0] * 3, list("abc")).interval


def test_other_equal_means_have_no_interval():
    found = spread([0.4, 0.6, 0.5, 0.5, 0.5], ["a", "a", "b", "c", "d"])
    assert (found.stderr, found.interval) == (None, None)
    assert "all alike" in found.note


def test_the_bootstrap_is_that_of_whole_clusters_and_always_the_same():
    values, clusters = drawn(40, MIN_BOOTSTRAP, seed=2)
    found = spread(values, clusters)
    rng = np.random.default_rng(5)
    members = [[v for v, c in zip(values, clusters, strict=True) if c == k] for k in set(clusters)]
    means = [
        np.mean(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]))
        for _ in range(4_000)
    ]
    assert found.bootstrap == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.01)
    pairs = sorted(zip(values, clusters, strict=True), reverse=True)
    again = spread([v for v, _ in pairs], [c for _, c in pairs])
    assert again.bootstrap == found.bootstrap
    assert spread(values, [f"c{i % (MIN_BOOTSTRAP - 1)}" for i in range(40)]).bootstrap is None


def test_the_interval_covers_the_mean_as_often_as_it_says():
    """Five clusters of two tasks; the normal quantile would cover some 88 %."""
    rng = np.random.default_rng(0)
    clusters = [str(i // 2) for i in range(10)]
    held = 0
    for _ in range(2_000):
        values = np.repeat(rng.normal(0.5, 0.1, 5), 2) + rng.normal(0, 0.05, 10)
        low, high = spread(list(values), clusters, bounded=False).interval
        held += low <= 0.5 <= high
    assert held / 2_000 == pytest.approx(0.95, abs=0.015)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from("abcdefghijkl")),
        min_size=1,
        max_size=30,
    )
)
def test_an_interval_holds_the_mean_and_lies_among_scores(pairs):
    values, clusters = [v for v, _ in pairs], [c for _, c in pairs]
    found = spread(values, clusters)
    mean = sum(values) / len(values)
    assert found.clusters == len(set(clusters))
    if found.clusters < 3:
        assert (found.stderr, found.interval, found.bootstrap) == (None, None, None)
    if found.interval is None:
        assert found.note
        assert found.stderr is None
        return
    low, high = found.interval
    assert 0.0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1.0
    assert low < high
    assert found.stderr is None or found.stderr > 1e-12


def seen(task, score, cluster):
    return Observation(task=task, track=Track.REG_MM, cluster=cluster, score=score)


def test_the_documented_json_has_the_interval_and_why_there_is_none():
    attempts = [seen(c, s, c) for c, s in zip("abc", (0.1, 0.5, 0.6), strict=True)]
    track = as_json(summarise(attempts))["reg-MM"]
    assert (track["clusters"], track["bootstrap"], track["note"]) == (3, None, None)
    low, high = track["interval"]
    assert low < track["mean"] < high
    few = as_json(summarise(attempts[:2]))["reg-MM"]
    assert (few["stderr"], few["interval"]) == (None, None)
    assert few["note"]


def test_a_comparison_of_equal_runs_claims_no_certainty():
    same = [seen(c, 0.5, c) for c in "abcd"]
    found = compare(same, same)
    assert (found.difference, found.low, found.p_value) == (0.0, None, None)
    assert found.note
    better = [seen(c, 0.6 + 0.01 * i, c) for i, c in enumerate("abcd")]
    found = compare(better, same)
    assert found.low < found.difference < found.high
    assert 0.0 < found.p_value < 0.05


def test_all_pairs_of_few_scores_say_nothing():
    for values in itertools.product((0.0, 1.0), repeat=2):
        assert spread(list(values), ["a", "b"]).interval is None
