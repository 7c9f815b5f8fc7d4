"""The scorer: hand-worked tables, spellings, refusals, and attacks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from truths import LABELS, NUMBERS, truth

from darebench.errors import TaskFormatError
from darebench.scoring import score_prediction
from darebench.scoring.csv_text import MAX_BYTES
from darebench.types import Metric, ReasonCode


@pytest.mark.parametrize(
    ("csv", "score"),
    [
        ("row_id,y\n1,1\n2,2\n3,3\n", 1.0),
        ("row_id,y\n3,3\n2,2\n1,1\n", 1.0),
        ("row_id,y\n1,2\n2,2\n3,2\n", 0.0),
        ("row_id,y\n1,1\n2,2\n3,2\n", 0.5),
        ("row_id,y\n1,9\n2,-9\n3,9\n", 0.0),
        ("y,row_id,z\n1,1,x\n2,2,x\n3,3,x\n8,4,x\n", 1.0),
        ("\ufeffrow_id,y\r\n1,1\r\n2,2\r\n3,3\r\n", 1.0),
        ('"row_id","y"\n"1","1"\n"2","2"\n"3","3"\n', 1.0),
        ("row_id,y\n1.0,1\n2.0,2e0\n 3 ,3.00\n", 1.0),
        (",row_id,y\n0,1,1\n1,2,2\n2,3,3\n", 1.0),
    ],
)
def test_r2_worked_by_hand(csv, score):
    found = score_prediction(csv.encode(), NUMBERS)
    assert found.score == pytest.approx(score)
    assert found.strict_score == pytest.approx(score)
    assert found.answered
    assert (found.reason is None) == (score > 0)


def test_blanks_around_a_name_do_not_count():
    spaced = truth("row_id,y \n1,1\n2,2\n3,3\n", Metric.CLIPPED_R2, targets=("y ",))
    for header in ("row_id,y", "row_id,y ", " row_id , y"):
        assert score_prediction(f"{header}\n1,1\n2,2\n3,3\n".encode(), spaced).score == 1.0


def test_macro_f1_counts_classes_of_either_side():
    found = score_prediction(b"row_id,y\n1,a\n2,c\n3,b\n4,b\n", LABELS)
    assert found.targets[0].per_class == {"a": pytest.approx(2 / 3), "b": 1.0, "c": 0.0}
    assert found.score == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert found.score == found.strict_score


@pytest.mark.parametrize(
    ("true", "given"),
    [
        (["1", "0"], ["1.0", "0.0"]),
        (["1.0", "0.0"], ["1", "0"]),
        (["1", "0"], ["True", "False"]),
        (["True", "False"], ["true", "false"]),
        (["True", "False"], ["1", "0"]),
        (["a", "b"], [" a", "b "]),
        (["NA", "None"], ["NA", "None"]),
        (["007", "7"], ["007", "7"]),
        (["", "1"], ["", "1"]),
    ],
)
def test_labels_are_compared_as_values(true, given):
    rows = "\n".join(f"{i},{label}" for i, label in enumerate(true))
    answer = truth(f"row_id,y\n{rows}\n", Metric.MACRO_F1)
    rows = "\n".join(f"{i},{label}" for i, label in enumerate(given))
    assert score_prediction(f"row_id,y\n{rows}\n".encode(), answer).score == 1.0


def test_a_missing_true_number_is_not_asked_for():
    answer = truth("row_id,y\n1,1\n2,\n3,3\n", Metric.CLIPPED_R2)
    assert score_prediction(b"row_id,y\n1,1\n2,7\n3,3\n", answer).score == 1.0


REFUSED = {
    "": ReasonCode.EMPTY,
    " \n\n": ReasonCode.EMPTY,
    "row_id,y\n": ReasonCode.EMPTY,
    "row_id,z\n1,1\n2,2\n3,3\n": ReasonCode.MISSING_COLUMN,
    "id,y\n1,1\n2,2\n3,3\n": ReasonCode.MISSING_COLUMN,
    "row_id;y\n1;1\n2;2\n3;3\n": ReasonCode.MISSING_COLUMN,
    "row_id,y,y\n1,1,1\n2,2,2\n3,3,3\n": ReasonCode.DUPLICATE_COLUMN,
    "row_id,y, y\n1,1,1\n2,2,2\n3,3,3\n": ReasonCode.DUPLICATE_COLUMN,
    "row_id,y\n1,1\n2,2\n": ReasonCode.MISSING_ROWS,
    "row_id,y\n1,1\n2,2\n3,3\n3,3\n": ReasonCode.DUPLICATE_KEY,
    "row_id,y\n1,1\n2,2\n3,3\n3.0,3\n": ReasonCode.DUPLICATE_KEY,
    "row_id,y\n1,1\n1,1\n1,1\n": ReasonCode.DUPLICATE_KEY,
    "row_id,y\n1,1\n2,\n3,3\n": ReasonCode.BAD_VALUE,
    "row_id,y\n1,1\n2,NaN\n3,3\n": ReasonCode.BAD_VALUE,
    "row_id,y\n1,1\n2,inf\n3,3\n": ReasonCode.BAD_VALUE,
    "row_id,y\n1,1\n2,1e999\n3,3\n": ReasonCode.BAD_VALUE,
    "row_id,y\n1,1\n2,two\n3,3\n": ReasonCode.BAD_VALUE,
    'row_id,y\n1,1\n2,"1,000"\n3,3\n': ReasonCode.BAD_VALUE,
    "row_id,y\n1,1\n2,2,2\n3,3\n": ReasonCode.UNREADABLE,
    "<html><table></table></html>": ReasonCode.UNREADABLE,
    "row_id,y\n1,\0\n": ReasonCode.UNREADABLE,
}


@pytest.mark.parametrize("csv", REFUSED)
def test_a_refusal_says_why(csv):
    found = score_prediction(csv.encode(), NUMBERS)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is REFUSED[csv]
    assert len(found.reason.message) > 20


def test_a_reason_names_the_row_the_value_and_the_move():
    found = score_prediction(b"row_id,y\n1,1\n2,two\n3,3\n", NUMBERS)
    assert found.reason is not None
    assert found.reason.message == (
        "'y' at row_id='2' is 'two', not a finite number; predict a finite number for every row"
    )


def test_other_encodings_and_formats_are_named():
    for content, word in (
        ("row_id,y\n1,1\n".encode("utf-16"), "UTF-16"),
        (b"PAR1xxxx", "parquet"),
        (b"PK\x03\x04xxx", "Excel"),
    ):
        found = score_prediction(content, NUMBERS)
        assert found.reason is not None
        assert word in found.reason.message


def test_files_that_are_no_files_are_refused(tmp_path):
    import os

    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(MAX_BYTES + 1)
    for name, code in (
        ("none", ReasonCode.NO_PREDICTION),
        (".", ReasonCode.UNREADABLE),
        ("fifo", ReasonCode.UNREADABLE),
        ("loop", ReasonCode.UNREADABLE),
        ("huge", ReasonCode.TOO_LARGE),
    ):
        found = score_prediction(tmp_path / name, NUMBERS)
        assert found.score == 0.0
        assert found.reason is not None
        assert found.reason.code is code


@pytest.mark.parametrize("form", ["file", "bytes"])
@pytest.mark.parametrize("release_rules", [False, True])
def test_an_oversized_file_is_read_by_neither_rule(form, release_rules, tmp_path, monkeypatch):
    def read(*args, **kwargs):
        raise AssertionError("pandas reads it")

    monkeypatch.setattr("darebench.scoring.score.strict_scores", read)
    path = tmp_path / "prediction.csv"
    with path.open("wb") as huge:
        huge.write(NUMBERS.csv)
        huge.truncate(100 * 2**30)
    given_one = path if form == "file" else NUMBERS.csv + b"\n" * MAX_BYTES
    found = score_prediction(given_one, NUMBERS, release_rules=release_rules)
    assert (found.score, found.strict_score) == (0.0, None)
    assert found.reason.code is ReasonCode.TOO_LARGE


def test_the_release_gives_one_to_a_repeated_row_and_we_do_not():
    found = score_prediction(b"row_id,y\n1,1\n1,1\n1,1\n", NUMBERS)
    assert (found.score, found.strict_score) == (0.0, 1.0 if found.strict_score else 0.0)
    exact = truth("row_id,y\n1,1\n2,1\n3,1\n", Metric.EXACT_LABELS)
    found = score_prediction(b"row_id,y\n1,1\n1,1\n1,1\n", exact)
    assert (found.score, found.strict_score) == (0.0, 1.0)


def test_overflow_does_not_pay():
    found = score_prediction(b"row_id,y\n1,1e308\n2,-1e308\n3,1e308\n", NUMBERS)
    assert found.score == 0.0


def test_targets_are_averaged_and_a_missing_one_is_zero():
    two = truth("row_id,y,z\n1,1,5\n2,2,6\n", Metric.CLIPPED_R2, targets=("y", "z"))
    found = score_prediction(b"row_id,y\n1,1\n2,2\n", two)
    assert found.score == 0.5
    assert found.reason is not None
    assert found.strict_score == 0.5


@pytest.mark.parametrize("value", [1.0, 1.000001])
def test_numbers_of_a_reference_need_only_be_close(value):
    reference = truth("row_id,y\n1,1\n2,2\n", Metric.CLOSE_NUMBERS)
    assert score_prediction(f"row_id,y\n1,{value}\n2,2\n".encode(), reference).score == 1.0
    assert score_prediction(b"row_id,y\n1,1.001\n2,2\n", reference).score == 0.0


SPELLINGS = {
    "22/04/2024": ("2024-04-22", "2024-04-22 00:00:00", "2024-04-22T00:00:00Z"),
    "2023-09": ("2023-09-01", "2023-09-01 00:00:00"),
    "2023M03": ("2023-03-01", "2023-03"),
    "22-Dec-2018 07:45": ("2018-12-22 07:45:00",),
    "20201120": ("2020-11-20", "20201120.0"),
    "2022/09": ("2022-09-01",),
    "28-05-2015": ("2015-05-28",),
    "2020-08-20 00:00:00-04:00": ("2020-08-20 04:00:00+00:00", "2020-08-20 04:00:00", "2020-08-20T00:00:00-0400"),
    "2020-08-20 00:00:00.000000": ("2020-08-20", "2020-08-20T00:00:00"),
}  # fmt: skip


@pytest.mark.parametrize("asked", SPELLINGS)
def test_instants_are_equal_in_every_spelling(asked):
    answer = truth(f"when,y\n{asked},1\n", Metric.EXACT_LABELS, keys=("when",), time_column="when")
    for given_spelling in (asked, *SPELLINGS[asked]):
        found = score_prediction(f"when,y\n{given_spelling},1\n".encode(), answer)
        assert found.score == 1.0, (given_spelling, found.reason)


def test_mixed_offsets_are_instants():
    answer = truth(
        "when,y\n2020-08-20 00:00:00-04:00,1\n2020-12-20 00:00:00-05:00,2\n",
        Metric.CLIPPED_R2, keys=("when",), time_column="when",
    )  # fmt: skip
    utc = b"when,y\n2020-08-20 04:00:00+00:00,1\n2020-12-20 05:00:00+00:00,2\n"
    assert score_prediction(utc, answer).score == 1.0


def test_day_and_month_are_not_swapped_in_silence():
    rows = [("03/04/2024", 1), ("13/04/2024", 2), ("23/04/2024", 3)]
    answer = truth(
        "when,y\n" + "".join(f"{w},{y}\n" for w, y in rows),
        Metric.CLIPPED_R2, keys=("when",), time_column="when", time_format="%d/%m/%Y",
    )  # fmt: skip
    swapped = b"when,y\n2024-03-04,1\n2024-04-13,2\n2024-04-23,3\n"
    assert score_prediction(swapped, answer).score == 0.0


def test_a_truth_that_asks_for_a_row_twice_is_our_fault():
    with pytest.raises(TaskFormatError, match="twice"):
        score_prediction(b"row_id,y\n1,1\n", truth("row_id,y\n1,1\n1,1\n", Metric.CLIPPED_R2))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_ever_raise(content):
    assert score_prediction(content, NUMBERS).score == 0.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=2, max_size=30),
    st.randoms(use_true_random=False),
)
def test_properties_of_r2(values, random):
    rows = [f"{i},{v}" for i, v in enumerate(values)]
    answer = truth("row_id,y\n" + "\n".join(rows) + "\n", Metric.CLIPPED_R2)
    shuffled = random.sample(rows, len(rows))
    perfect = score_prediction(("row_id,y\n" + "\n".join(shuffled)).encode(), answer)
    assert perfect.score == 1.0
    noisy = [f"{i},{v + random.gauss(0, 10)}" for i, v in enumerate(values)]
    first = score_prediction(("row_id,y\n" + "\n".join(noisy)).encode(), answer)
    extra = score_prediction(("row_id,y\n" + "\n".join([*noisy, "999,5"])).encode(), answer)
    assert 0.0 <= first.score <= 1.0
    assert first.score == extra.score
    twice = score_prediction(("row_id,y\n" + "\n".join([*noisy, noisy[0]])).encode(), answer)
    assert (twice.score, twice.reason and twice.reason.code) == (0.0, ReasonCode.DUPLICATE_KEY)


def test_a_result_says_what_it_was_made_with():
    found = score_prediction(NUMBERS.csv, NUMBERS).provenance
    assert found.truth == NUMBERS.hash
    assert len(found.scorer) == len(found.environment) == 12
