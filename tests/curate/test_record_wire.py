"""`result.json` and the ledger: what is written comes back, what is broken is named."""

from __future__ import annotations

import json

import pytest

from darebench.audit.bootstrap import Scored
from darebench.audit.headroom import Headroom
from darebench.curate.record_wire import (
    read_ledger,
    read_questions,
    read_record,
    write_ledger,
    write_questions,
    write_record,
)
from darebench.curate.records import DatasetEntry, Refusal, Stage, TableRecord
from darebench.errors import ConfigError
from darebench.types import Family, Variant

ENTRY = DatasetEntry(
    folder="o_t_ts",
    family=Family.TS,
    question_v1="",
    question_v2="Forecast it.",
    needed_v1=(),
    needed_v2=("train.csv",),
    tools=("python_executor",),
    usability=1.0,
    updated="2024-05-01",
    domain="other",
    source_ref="o/t",
    headroom={
        "v2": Headroom(
            floor=0.1,
            reference=0.7123,
            deviation=0.031,
            spread=0.02,
            usual_room=0.59,
            naive={"constant": Scored(0.0, 0.0), "year mean": Scored(0.1, 0.04)},
            linear=Scored(0.6, 0.03),
        )
    },
    flags=("cf: validation_size",),
    variants=(Variant.CF,),
)
REFUSALS = (
    Refusal(table="t", stage=Stage.DESIGN, reason="nothing to win", target="a"),
    Refusal(table="t", stage=Stage.NEAR_DUPLICATE, reason="it has the columns of u"),
)
RECORD = TableRecord(
    table="t", updated="2024-05-01", fingerprint=("ab", "cd"), entries=(ENTRY,), refusals=REFUSALS
)


def test_a_record_comes_back(tmp_path):
    write_record(RECORD, tmp_path)
    assert read_record(tmp_path) == RECORD


def test_a_store_that_says_ceiling_is_read(tmp_path):
    write_questions([ENTRY], tmp_path)
    path = tmp_path / "question_list.json"
    (entry,) = json.loads(path.read_text())
    assert entry["headroom"]["v2"]["band"] == "moderate"
    entry["headroom"] = {"v2": {"floor": 0.1, "ceiling": 0.7123}}
    path.write_text(json.dumps([entry]))
    (found,) = read_questions(tmp_path)
    assert found.headroom == {"v2": Headroom(floor=0.1, reference=0.7123)}


def test_the_ledger_comes_back_and_keeps_its_words(tmp_path):
    path = tmp_path / "ledger.jsonl"
    write_ledger(REFUSALS, path)
    assert read_ledger(path) == REFUSALS
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [
        {"table": "t", "stage": "design", "reason": "nothing to win", "target": "a"},
        {"table": "t", "stage": "twin", "reason": "it has the columns of u"},
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("{", "Invalid JSON"),
        ("{}", "schema: Field required"),
        ('{"schema": 2}', "schema: Input should be 1"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_with_what_to_do(tmp_path, content, words):
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    with pytest.raises(ConfigError, match=rf"result\.json cannot be read: .*{words}.*; remove"):
        read_record(tmp_path)
