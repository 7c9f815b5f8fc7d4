"""A store as verl's files; tests/consumers gives them to verl."""

from __future__ import annotations

import json

import pyarrow.parquet as pq

from cli.running import darebench
from darebench.curate.starter import ensure


def test_tables_are_split_by_source_hold_no_answer_and_are_the_same_again(tmp_path):
    store = ensure(tmp_path / "cache")
    for name in ("a", "b"):
        done = darebench("convert", "verl", str(store), "--out", str(tmp_path / name), "--json")
        assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    parts = {
        n: pq.read_table(tmp_path / "a" / f"{n}.parquet").to_pylist() for n in ("train", "val")
    }
    assert {n: len(rows) for n, rows in parts.items()} == {n: counts[n] for n in parts}
    tables = [
        {r["reward_model"]["ground_truth"].split("/")[0] for r in rows} for rows in parts.values()
    ]
    assert all(tables)
    assert not tables[0] & tables[1]
    same = [(tmp_path / n / "train.parquet").read_bytes() for n in ("a", "b")]
    assert same[0] == same[1]
    text = (tmp_path / "a" / "grpo.yaml").read_text()
    assert f"train_files: {tmp_path / 'a'}/train.parquet" in text
    assert "$" not in text.replace("${data.max_response_length}", "")


def test_a_folder_without_tasks_is_refused(tmp_path):
    done = darebench("convert", "verl", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
