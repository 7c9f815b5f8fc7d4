"""What is a number, and what only looks like one."""

from __future__ import annotations

import pytest
from truths import CLOSE, NUMBERS

from darebench.scoring import score_prediction
from darebench.types import ReasonCode

NO_NUMBERS = [
    "nan", "NaN", "NAN", "-nan", "+nan", "nan(0x1)", "NA", "N/A", "#N/A", "null", "NULL", "None",
    "<NA>", "inf", "-inf", "INF", "Infinity", "+Infinity", "1e400", "-1e400", "1e99999",
    "1e9999999999999", "9" * 400, "١٢", "２", "2٫0", "1,000", "1_000", "0x2", "2d0", "2f", "2L",
    "\u200b2", "\u20602", "²", "½", "2j", "2%", "$2", "(2)", "--2", "2-", "True", "2;", "'2'",
    "−2", "2,0", "2:0", "2/1", "", " ", "two", "=2", "2\x1a", "[2]", "2 2",
]  # fmt: skip


@pytest.mark.parametrize("answer", [NUMBERS, CLOSE], ids=["r2", "close"])
@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_finite_number_scores_zero(value, answer):
    found = score_prediction(f'row_id,y\n1,1\n2,"{value}"\n3,3\n'.encode(), answer)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is ReasonCode.BAD_VALUE
    assert "row_id='2'" in found.reason.message


@pytest.mark.parametrize(
    "value",
    ["2", "2.", "+2", "2e0", "2E+0", "20e-1", "02", "0002.000", " 2 ", "\t2", "\u00a02", "2.0"],
)
def test_a_number_counts_in_every_spelling(value):
    found = score_prediction(f'row_id,y\n1,1\n2,"{value}"\n3,3\n'.encode(), CLOSE)
    assert found.score == 1.0
