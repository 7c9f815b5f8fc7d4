"""JSON is read in the shapes that tables have in it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from darebench.curate.reading.json_tables import read_json
from darebench.errors import CurationReject

FRAME = pd.DataFrame(
    {"area": np.arange(30) / 4, "kind": ["flat", "house", "loft"] * 10, "n": range(30)}
)
RECORDS = FRAME.to_dict("records")
LISTS = FRAME.to_numpy(object).tolist()
DATED = FRAME.set_index(pd.date_range("2020-01-01", periods=30).strftime("%Y-%m-%d"))


def text(value: object) -> str:
    return json.dumps(value)


SHAPES = {
    "records": FRAME.to_json(orient="records"),
    "records on one line each": FRAME.to_json(orient="records", lines=True),
    "indented records": json.dumps(RECORDS, indent=1),
    "split": FRAME.to_json(orient="split"),
    "table": FRAME.to_json(orient="table", index=False),
    "columns": FRAME.to_json(orient="columns"),
    "index": FRAME.to_json(orient="index"),
    "lists by name": text(FRAME.to_dict("list")),
    "data": text({"meta": 1, "data": RECORDS}),
    "rows": text({"rows": RECORDS}),
    "result of a result": text({"ok": True, "result": {"total": 30, "records": RECORDS}}),
    "items": text({"items": RECORDS, "links": [{"rel": "next", "href": "x"}]}),
    "lists with names first": text([list(FRAME.columns), *LISTS]),
    "lists on one line each": "\n".join(map(text, [list(FRAME.columns), *LISTS])),
    "names beside rows": text({"columns": list(FRAME.columns), "rows": LISTS}),
    "named fields": text({"fields": [{"name": c, "type": "x"} for c in FRAME], "data": LISTS}),
    "open data": text({"meta": {"view": {"columns": [{"name": c} for c in FRAME]}}, "data": LISTS}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_table_comes_back_from_every_shape(tmp_path, shape):
    path = tmp_path / "t.json"
    path.write_text(SHAPES[shape])
    frame = read_json(path).frame
    assert list(frame.columns) == list(FRAME.columns)
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), FRAME, check_dtype=False)


def test_values_without_names_are_read(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(FRAME.to_json(orient="values"))
    assert read_json(path).frame.shape == (30, 3)


@pytest.mark.parametrize("orient", ["columns", "index", "split"])
def test_labels_that_say_something_are_a_column(tmp_path, orient):
    path = tmp_path / "t.json"
    path.write_text(DATED.to_json(orient=orient))
    frame = read_json(path).frame
    assert frame["index"].iloc[0] == "2020-01-01"
    assert len(frame) == 30


@pytest.mark.parametrize(
    "value",
    [[1, 2, 3], {"a": 1}, {"a": {"b": 1}, "c": {"d": 2}}, [], "text", {"a": [1], "b": [1, 2]}],
)
def test_what_is_no_table_is_refused(tmp_path, value):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(value))
    with pytest.raises(CurationReject, match=r"t\.json holds"):
        read_json(path)
