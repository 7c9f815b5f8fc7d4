"""On well-formed files the score is the release's: its rule written down again, naively."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, r2_score
from truths import truth

from darebench.scoring import score_prediction
from darebench.scoring.strict import strict_scores
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from darebench.types import Metric, Variant


def naive(true_csv: bytes, given_csv: bytes, keys: list[str], targets: list[str], metric: Metric):
    """The rule of the public release, from its description; None where it has no answer."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            true, given = (pd.read_csv(io.BytesIO(c)) for c in (true_csv, given_csv))
            both = true.merge(given, on=keys, how="inner", suffixes=("_t", "_p"))
        if len(both) != len(true):
            return 0.0
        return float(np.mean([_one(both, given, name, metric) for name in targets]))
    except (ValueError, KeyError, TypeError):
        return None


def _one(both: pd.DataFrame, given: pd.DataFrame, name: str, metric: Metric) -> float:
    if name not in given:
        return 0.0
    true, predicted = both[f"{name}_t"], both[f"{name}_p"]
    if metric is Metric.EXACT_LABELS:
        return float(list(true) == list(predicted))
    if metric is Metric.CLOSE_NUMBERS:
        return float(np.allclose(predicted, true))
    if metric is Metric.MACRO_F1:
        return float(f1_score(true, predicted, average="macro", zero_division=0))
    return float(np.clip(r2_score(true, predicted), 0, 1))


KINDS = {
    "text": lambda rng, n: rng.choice(["a", "b c", "ä", "no, really", 'so "called"'], n),
    "whole numbers": lambda rng, n: rng.integers(-2, 3, n),
    "numbers with .0": lambda rng, n: rng.integers(0, 3, n).astype(float),
    "booleans": lambda rng, n: rng.choice([True, False], n),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("metric", [Metric.MACRO_F1, Metric.EXACT_LABELS])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_labels(kind, metric, share):
    for seed in range(15):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 60))
        true = pd.DataFrame({"row_id": np.arange(1, n + 1), "y": KINDS[kind](rng, n)})
        given = true.copy()
        wrong = rng.random(n) < share
        given.loc[wrong, "y"] = KINDS[kind](rng, int(wrong.sum()))
        agree(true, given, ["row_id"], ["y"], metric, rng)


@pytest.mark.parametrize("metric", [Metric.CLIPPED_R2, Metric.CLOSE_NUMBERS])
@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-5, 0.3, 3.0])
def test_numbers(metric, noise):
    for seed in range(15):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 60))
        true = pd.DataFrame(
            {"row_id": np.arange(1, n + 1), "y": rng.normal(size=n), "z": rng.integers(0, 9, n)}
        )
        given = true.copy()
        given[["y", "z"]] = given[["y", "z"]] + noise * rng.normal(size=(n, 2))
        agree(true, given, ["row_id"], ["y", "z"], metric, rng)


@pytest.mark.parametrize("form", [None, "%d/%m/%Y", "%Y-%m", "%Y%m%d"])
@pytest.mark.parametrize("entity", [["a", "b"], [1, 2], [1.5, 2.5], [True, False], ["NA", "x"]])
def test_forecasts(form, entity):
    rng = np.random.default_rng(1)
    days = pd.date_range("2021-01-01", periods=24, freq="MS")
    when = days.strftime(form) if form else days.astype(str)
    true = pd.DataFrame([(w, e) for w in when for e in entity], columns=["when", "e"])
    true["y"] = rng.normal(size=len(true))
    given = true.assign(y=true.y + 0.3 * rng.normal(size=len(true)))
    agree(true, given, ["when", "e"], ["y"], Metric.CLIPPED_R2, rng)


def agree(true, given, keys, targets, metric, rng):
    time = "when" if "when" in keys else None
    table = true.to_csv(index=False)
    answer = truth(table, metric, keys=tuple(keys), targets=tuple(targets), time_column=time)
    more = given.iloc[: len(given) // 3].copy()
    more[keys[0]] = [10_000 + i if keys == ["row_id"] else f"x{i}" for i in range(len(more))]
    for other in (given, given.sample(frac=1, random_state=1), pd.concat([given, more])):
        other = other.assign(note="n")[["note", *targets, *keys]]
        content = other.to_csv(index=bool(rng.integers(2))).encode()
        expected = naive(table.encode(), content, keys, targets, metric)
        found = score_prediction(content, answer)
        assert found.answered, found.reason
        assert found.strict_score == pytest.approx(expected)
        if expected is not None and len(other) == len(true):
            assert found.score == pytest.approx(expected)


def test_a_missing_target_column_scores_zero_in_both():
    table = "row_id,y,z\n1,1,5\n2,2,6\n3,4,9\n"
    answer = truth(table, Metric.CLIPPED_R2, targets=("y", "z"))
    content = b"row_id,y\n1,1\n2,2\n3,4\n"
    expected = naive(table.encode(), content, ["row_id"], ["y", "z"], Metric.CLIPPED_R2)
    found = score_prediction(content, answer)
    assert (found.score, found.strict_score, expected) == (0.5, 0.5, 0.5)


def test_ours_equals_the_release_on_well_formed_files(real_store):
    rng = np.random.default_rng(0)
    for task in open_store(real_store).tasks:
        if task.variant is Variant.IF:
            continue
        answer = read_truth(task)
        frame = pd.read_csv(io.BytesIO(answer.csv))
        for name in task.targets:
            frame[name] = np.where(rng.random(len(frame)) < 0.8, frame[name], frame[name].iloc[0])
        content = frame.sample(frac=1, random_state=1).to_csv(index=False).encode()
        found = score_prediction(content, answer)
        strict = strict_scores(content, answer)
        assert strict is not None
        assert found.score == pytest.approx(found.strict_score), task.id
        assert found.score == pytest.approx(np.mean(list(strict.values()))), task.id
