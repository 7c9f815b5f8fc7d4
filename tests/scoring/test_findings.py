"""A compared answer that scores 0 says why, and nothing of the truth."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from truths import NUMBERS, truth

from darebench.scoring import score_prediction
from darebench.scoring.metric_rule import Direction, MetricRule, ValueKind
from darebench.scoring.metrics import METRICS
from darebench.types import Metric, ReasonCode


def rows(values, header="row_id,y"):
    return "\n".join([header, *(f"{i},{v}" for i, v in enumerate(values, 1)), ""])


def scored(metric, true, predicted):
    return score_prediction(rows(predicted).encode(), truth(rows(true), metric))


CASES = {
    "below the mean": (Metric.CLIPPED_R2, [1, 2, 3], [90, -50, 7], ReasonCode.WORSE_THAN_MEAN),
    "the mean": (Metric.CLIPPED_R2, [1, 2, 3], [2, 2, 2], ReasonCode.WORSE_THAN_MEAN),
    "overflow": (Metric.CLIPPED_R2, [1, 2, 3], [1e308, -1e308, 1e308], ReasonCode.WORSE_THAN_MEAN),
    "constant": (Metric.CLIPPED_R2, [5, 5], [5, 6], ReasonCode.WORSE_THAN_MEAN),
    "other labels": (Metric.MACRO_F1, list("aabb"), list("wxyz"), ReasonCode.UNKNOWN_LABELS),
    "numbers for words": (Metric.MACRO_F1, ["no", "yes"], [0, 1], ReasonCode.UNKNOWN_LABELS),
    "swapped": (Metric.MACRO_F1, list("aabb"), list("bbaa"), ReasonCode.NO_ROW_RIGHT),
    "some other": (Metric.MACRO_F1, list("aabb"), list("bbxx"), ReasonCode.NO_ROW_RIGHT),
    "one row": (
        Metric.EXACT_LABELS,
        list("aabb"),
        list("aaba"),
        ReasonCode.INSTRUCTION_NOT_FOLLOWED,
    ),
    "if, other labels": (Metric.EXACT_LABELS, list("ab"), list("xy"), ReasonCode.UNKNOWN_LABELS),
    "not close": (
        Metric.CLOSE_NUMBERS,
        [1, 2, 3],
        [1, 2.1, 3],
        ReasonCode.INSTRUCTION_NOT_FOLLOWED,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_score_of_0_has_a_reason_and_is_still_an_answer(name):
    metric, true, predicted, code = CASES[name]
    found = scored(metric, true, predicted)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is code
    assert code in repr(found)
    assert found.reason == found.targets[0].reason
    assert found.answered
    assert found.reason.compared


def test_r2_says_its_raw_value():
    found = scored(Metric.CLIPPED_R2, [1, 2, 3], [1, 2, 9.75])
    assert found.targets[0].raw == pytest.approx(-21.78125)
    assert "R2 of 'y' is -21.8: the mean" in found.reason.message
    assert found.to_frame().raw.tolist() == [found.targets[0].raw]


@pytest.mark.parametrize("metric", [Metric.EXACT_LABELS, Metric.CLOSE_NUMBERS])
def test_differing_rows_are_counted_and_the_first_is_named(metric):
    found = scored(metric, [1, 2, 3, 4], [1, 3, 3, 1])
    assert found.targets[0].differing == 2
    assert "2 of 4 rows differ" in found.reason.message
    assert "first: row_id='2', given '3'" in found.reason.message
    assert scored(metric, [1, 2], [1, 2]).targets[0].differing == 0
    assert scored(Metric.CLIPPED_R2, [1, 2], [1, 2]).targets[0].differing is None


def test_the_first_row_is_the_truths_where_one_has_no_value():
    answer = truth("row_id,y\n1,\n2,5\n3,6\n", Metric.CLOSE_NUMBERS)
    found = score_prediction(b"row_id,y\n3,6\n2,4\n1,0\n", answer)
    assert found.targets[0].differing == 1
    assert "row_id='2', given '4'" in found.reason.message


def test_the_first_unknown_labels_are_named_and_shortened():
    found = scored(Metric.MACRO_F1, list("aaaaa"), ["v" * 100, "w", "x", "y", "z"])
    assert f"'{'v' * 40}...', 'w', 'x' and 2 more" in found.reason.message


def test_each_target_has_its_own_reason():
    answer = truth("row_id,a,b,c\n1,1,2,3\n2,2,3,4\n", Metric.CLIPPED_R2, targets=("a", "b", "c"))
    found = score_prediction(b"row_id,a,b\n1,1,9\n2,2,-9\n", answer)
    codes = [t.reason and t.reason.code for t in found.targets]
    assert codes == [None, ReasonCode.WORSE_THAN_MEAN, ReasonCode.MISSING_COLUMN]
    assert found.reason == found.targets[2].reason
    assert not found.answered
    compared = score_prediction(b"row_id,a,b,c\n1,1,9,3\n2,2,-9,4\n", answer)
    assert compared.reason == compared.targets[1].reason
    assert compared.answered


@pytest.mark.parametrize(("value", "words"), [(3.25, "is 3.25"), (float("nan"), "is nan")])
def test_a_registered_metric_says_its_value(value, words, monkeypatch):
    rule = MetricRule(
        name="own_error",
        function=lambda y_true, y_pred: value,
        kind=ValueKind.NUMBERS,
        formula="an error",
        direction=Direction.LOWER,
    )
    monkeypatch.setitem(METRICS, rule.name, rule)
    found = scored(rule.name, [1, 2], [2, 1])
    assert found.reason.code is ReasonCode.WORTHLESS
    assert words in found.reason.message


def test_what_could_not_be_compared_is_no_answer():
    found = score_prediction(b"row_id,y\n1,1\n", NUMBERS)
    assert not found.answered
    assert not found.reason.compared


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [Metric.EXACT_LABELS, Metric.MACRO_F1, Metric.CLOSE_NUMBERS, Metric.CLIPPED_R2]
    ),
    st.lists(st.tuples(st.integers(0, 3), st.integers(4, 9)), min_size=2, max_size=12),
    st.booleans(),
)
def test_no_reason_holds_a_value_of_the_truth(metric, pairs, known):
    """True values have a spelling that neither a key nor a predicted value has."""
    true = [f"77{a}001" for a, _ in pairs]
    predicted = [f"88{b}002" for _, b in pairs]
    if known:  # one row is right, so that the others are known to be wrong
        predicted[0] = true[0]
    found = scored(metric, true, predicted)
    if found.reason is None:
        assert found.score > 0.0
        return
    shown = set(re.findall(r"77\d001", found.reason.message)) - ({true[0]} if known else set())
    assert not shown, found.reason.message


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_a_target_has_a_reason_exactly_if_it_scores_0(values, random):
    for metric in (Metric.CLIPPED_R2, Metric.CLOSE_NUMBERS):
        given_values = [v + random.choice([0, 0, 1e-9, 5]) for v in values]
        found = scored(metric, values, given_values).targets[0]
        assert (found.reason is None) == (found.score > 0.0)
        if metric is Metric.CLOSE_NUMBERS:
            assert found.differing == int(np.sum(~np.isclose(given_values, values)))
