"""Labels are compared as values: nothing is gained by odd ones."""

from __future__ import annotations

import pytest
from truths import BITS, LABELS, truth

from darebench.scoring import score_prediction
from darebench.types import Metric, ReasonCode


def test_labels_cannot_be_blank_where_blank_is_no_class():
    found = score_prediction(b"row_id,y\n1,\n2,a\n3,b\n4,b\n", LABELS)
    assert found.reason is not None
    assert found.reason.code is ReasonCode.BAD_VALUE


@pytest.mark.parametrize("value", ["yes", "[1]", "b'1'", "'1'", "1\u200b", "one", "0x1", "１"])
def test_what_only_looks_like_a_label_is_another_one(value):
    assert score_prediction(f"row_id,y\n1,{value}\n2,0\n3,1\n".encode(), BITS).score == 0.0


def test_a_million_classes_do_not_pay():
    answer = truth("row_id,y\n" + "".join(f"{i},{i % 2}\n" for i in range(2000)), Metric.MACRO_F1)
    rows = "".join(f"{i},{i}\n" for i in range(2000))
    assert score_prediction(f"row_id,y\n{rows}".encode(), answer).score < 0.01
