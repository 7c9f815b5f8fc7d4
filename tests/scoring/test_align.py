"""Rows are paired by key, and keys are compared as values: nothing is gained by odd spellings."""

from __future__ import annotations

import pytest
from truths import DAYS, GOOD, NUMBERS, truth

from darebench.scoring import score_prediction
from darebench.types import Metric, ReasonCode

SAME_KEY_TWICE = ["1,1", "01,1", "1.0,1", "1e0,1", " 1,1", "1.00000000000000000000001,1", "+1,1"]


@pytest.mark.parametrize("row", SAME_KEY_TWICE)
@pytest.mark.parametrize("more", ["", "x,5\n", ",5\n", "1.5,5\n", "99999999999999999999999,5\n"])
def test_a_key_in_two_spellings_stands_there_twice(row, more):
    found = score_prediction(f"{GOOD}{more}{row}\n".encode(), NUMBERS)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is ReasonCode.DUPLICATE_KEY


@pytest.mark.parametrize("key", ["0x1", "１", "①", "1a", "one", "1 1", "1,1"])
def test_what_only_looks_like_a_key_is_none(key):
    found = score_prediction(f'row_id,y\n"{key}",1\n2,2\n3,3\n'.encode(), NUMBERS)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is ReasonCode.MISSING_ROWS


@pytest.mark.parametrize(
    "row",
    ["2020-01-02 00:00:00,b,9", "2020-01-02T00:00:00,b,9", "2020-01-02,b,9", "2020-01-02, b,9"],
)
def test_an_instant_in_two_spellings_stands_there_twice(row):
    found = score_prediction(DAYS.csv + row.encode() + b"\n", DAYS)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is ReasonCode.DUPLICATE_KEY


@pytest.mark.parametrize(
    "row", ["2019-12-31,b,9", "2020-01-02 00:00:01,b,9", "2020-01-02,c,9", ",,9"]
)
def test_other_instants_and_entities_are_other_rows(row):
    assert score_prediction(DAYS.csv + row.encode() + b"\n", DAYS).score == 1.0


FOLD = truth(
    "when,y\n2020-10-25 02:30:00+02:00,1\n2020-10-25 02:30:00+01:00,2\n2020-10-25 03:30:00+01:00,3\n",
    Metric.CLIPPED_R2, keys=("when",), time_column="when",
)  # fmt: skip


@pytest.mark.parametrize(
    ("times", "score"),
    [
        (["00:30:00+00:00", "01:30:00+00:00", "02:30:00+00:00"], 1.0),
        (["00:30:00Z", "01:30:00Z", "02:30:00Z"], 1.0),
        (["00:30:00", "01:30:00", "02:30:00"], 1.0),
        (["02:30:00+02:00", "01:30:00+00:00", "04:30:00+0200"], 1.0),
        (["02:30:00", "02:30:00", "03:30:00"], 0.0),
    ],
)
def test_the_hour_that_clocks_repeat_is_two_instants(times, score):
    rows = "".join(f"2020-10-25 {t},{i}\n" for i, t in enumerate(times, 1))
    assert score_prediction(f"when,y\n{rows}".encode(), FOLD).score == score


@pytest.mark.parametrize(
    ("true", "written"),
    [
        (["1", "", "2"], ["1.0", "", "2.0"]),
        (["NA", "US", "DE"], ["", "US", "DE"]),
        (["NA", "US", "DE"], ["NA", "US", "DE"]),
        (["True", "False", ""], ["true", "false", ""]),
        (["True", "False", ""], ["1", "0", ""]),
        (["01", "1", "2"], ["01", "1", "2"]),
        (["caf\u00e9", "b", "c"], ["cafe\u0301", "b", "c"]),
        (["1.5", "2.50", "3"], ["1.50", "2.5", "3.0"]),
    ],
)
def test_entities_match_as_a_program_writes_them_back(true, written):
    table = "when,e,y\n" + "".join(f"2020-01-0{i},{e},{i}\n" for i, e in enumerate(true, 1))
    answer = truth(table, Metric.CLIPPED_R2, keys=("when", "e"), time_column="when")
    rows = "".join(f"2020-01-0{i} 00:00:00,{e},{i}\n" for i, e in enumerate(written, 1))
    assert score_prediction(f"when,e,y\n{rows}".encode(), answer).score == 1.0
