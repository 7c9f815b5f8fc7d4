"""Predictions that try to gain score, to crash the scorer, or to keep it busy."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from truths import BITS, CLOSE, LABELS, NUMBERS, truth

from darebench.scoring import score_prediction
from darebench.types import Metric, ReasonCode

GOOD = "row_id,y\n1,1\n2,2\n3,3\n"

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


DAYS = truth(
    "when,shop,y\n2020-01-01,a,1\n2020-01-02,a,2\n2020-01-02,b,3\n",
    Metric.CLIPPED_R2, keys=("when", "shop"), time_column="when",
)  # fmt: skip


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


FRAME = pd.DataFrame({"row_id": [1, 2, 3], "y": [1, 2, 3]})


def _saved(write) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def test_tables_in_other_formats_are_named():
    contents = {
        "parquet": _saved(FRAME.to_parquet),
        "binary": _saved(FRAME.to_feather),
        "Excel": _saved(FRAME.to_excel),
        "html": FRAME.to_html().encode(),
        "gzip": gzip.compress(GOOD.encode()),
        "NUL": bz2.compress(GOOD.encode()) + b"\0",
        "not csv": lzma.compress(GOOD.encode()),
        "UTF-16": GOOD.encode("utf-16"),
        "NUL byte": GOOD.encode("utf-16-le"),
        "NUL byte: binary": pickle.dumps(FRAME),
        "semicolons": GOOD.replace(",", ";").encode(),
        "tabs": GOOD.replace(",", "\t").encode(),
        "bars": FRAME.to_csv(index=False, sep="|").encode(),
        "header has none": FRAME.to_json().encode(),
        "UTF-8": "row_id,y,note\n1,1,\u00e4\n2,2,x\n3,3,x\n".encode("latin-1"),
    }
    for word, content in contents.items():
        found = score_prediction(content, NUMBERS)
        assert found.score == 0.0
        assert found.reason is not None
        assert word in found.reason.message, (word, found.reason)


WELL_FORMED = {
    "CR": GOOD.replace("\n", "\r"),
    "CRLF": GOOD.replace("\n", "\r\n"),
    "mixed ends": "row_id,y\r1,1\n2,2\r\n3,3",
    "empty lines": "\n\nrow_id,y\n1,1\n\n2,2\n   \n3,3\n\n",
    "header twice": "row_id,y\n" + GOOD,
    "an index": ",row_id,y\n0,1,1\n1,2,2\n2,3,3\n",
    "a BOM and quotes": '\ufeff"row_id","y"\n"1","1"\n"2","2"\n"3","3"\n',
    "a line in a value": 'row_id,note,y\n1,"a\nb",1\n2,"c ""d""",2\n3,,3\n',
    "a line in a name": 'row_id,"no\nte",y\n1,,1\n2,,2\n3,,3\n',
    "odd line ends in a name": "row_id,a\u2028b\u0085c,y\n1,,1\n2,,2\n3,,3\n",
    "text in rows that are not asked for": GOOD + "4,abc\n",
    "a long value": f"row_id,note,y\n1,{'x' * 5_000_000},1\n2,,2\n3,,3\n",
    "100,000 columns": "row_id,y," + ",".join(f"c{i}" for i in range(100_000)) + "\n"
    + "".join(f"{i},{i},{','.join('0' * 100_000)}\n" for i in (1, 2, 3)),
    "100,000 equal columns": "row_id,y," + ",".join("c" * 100_000) + "\n"
    + "".join(f"{i},{i},{','.join('0' * 100_000)}\n" for i in (1, 2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("what", WELL_FORMED)
def test_odd_but_well_formed_files_are_read(what):
    start = time.process_time()
    found = score_prediction(WELL_FORMED[what].encode(), NUMBERS)
    assert (found.score, found.reason) == (1.0, None)
    assert time.process_time() - start < 5


BROKEN = {
    "a short row": ("row_id,y,z\n1,1,1\n2,2\n3,3,3\n", ReasonCode.UNREADABLE),
    "a long row": ("row_id,y\n1,1\n2,2,2\n3,3\n", ReasonCode.UNREADABLE),
    "an open quote": ('row_id,y\n1,1\n2,"2\n3,3\n', ReasonCode.MISSING_ROWS),
    "an open quote in the header": ('"row_id,y\n1,1\n', ReasonCode.MISSING_COLUMN),
    "a NUL": ("row_id,y\n1,1\n2,2\0\n3,3\n", ReasonCode.UNREADABLE),
    "a header without an end": ("row_id,y", ReasonCode.EMPTY),
    "a comma": (",", ReasonCode.MISSING_COLUMN),
    "a quote": ('"', ReasonCode.MISSING_COLUMN),
    "an endless name": (f"row_id,y,{'x' * 3_000_000}\n1,1,1\n", ReasonCode.UNREADABLE),
    "ten million commas": ("," * 10_000_000, ReasonCode.MISSING_COLUMN),
    "ten million lines": ("\n" * 10_000_000 + "x", ReasonCode.MISSING_COLUMN),
    "ten million quotes": ('"' * 10_000_000, ReasonCode.UNREADABLE),
    "another case": (GOOD.replace("row_id", "ROW_ID"), ReasonCode.MISSING_COLUMN),
    "a comment first": ("# mine\n" + GOOD, ReasonCode.MISSING_COLUMN),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused_soon(what):
    content, code = BROKEN[what]
    start = time.process_time()
    found = score_prediction(content.encode(), NUMBERS)
    assert found.score == 0.0
    assert found.reason is not None
    assert found.reason.code is code, found.reason
    assert time.process_time() - start < 5


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


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["1", "2", "3", "row_id", "y", '"', "nan", "", " ", "1.0", "\r", "é", "\x1f"])),
        max_size=6,
    )
)  # fmt: skip
def test_no_table_of_odd_cells_ever_raises(rows):
    content = "row_id,y\n" + "\n".join(",".join(row) for row in rows)
    for answer in (NUMBERS, CLOSE, LABELS, BITS, DAYS):
        found = score_prediction(content.encode(), answer)
        assert 0.0 <= found.score <= 1.0
        assert (found.score == 0.0) or found.rows.matched == found.rows.expected
