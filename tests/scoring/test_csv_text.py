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
from truths import BITS, CLOSE, DAYS, GOOD, LABELS, NUMBERS

from darebench.scoring import score_prediction
from darebench.types import ReasonCode

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
