"""`darebench score`."""

from __future__ import annotations

import json

import pytest

from cli.running import darebench
from darebench.store.read import open_store
from darebench.store.truth import read_truth


def test_score_of_one_file(tmp_path):
    answer = read_truth(open_store().task("iris_class/mm"))
    path = tmp_path / "prediction.csv"
    path.write_bytes(answer.csv)
    result = json.loads(darebench("score", str(path), "--task", "iris_class/v2", "--json").stdout)
    assert (result["task"], result["score"], result["strict_score"]) == ("iris_class/mm", 1.0, 1.0)
    assert result["rows"] == {"expected": 60, "given": 60, "matched": 60}
    path.write_text("nonsense")
    done = darebench("score", str(path), "--task", "iris_class/mm", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["score"]) == (0, 0.0)
    assert result["reason"]["code"] == "missing_column"


def test_score_of_a_folder_counts_what_is_missing(tmp_path):
    answer = read_truth(open_store().task("diabetes_reg/mm"))
    path = tmp_path / "diabetes_reg" / "mm" / "prediction.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(answer.csv)
    result = json.loads(darebench("score", "--batch", str(tmp_path), "--json").stdout)
    assert len(result["missing"]) == 11
    assert result["columns"]["reg-MM"]["mean"] == 0.5
    assert (result["columns"]["reg-MM"]["n"], result["columns"]["reg-MM"]["answered"]) == (2, 1)


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    folder = tmp_path_factory.mktemp("references")
    done = darebench("reference", "iris_class", "--out", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)["tasks"][0]
    assert row["reference"] == str(folder / "iris_class" / "reference.csv")
    return folder


def test_an_answer_is_scored_against_a_given_reference(references):
    answer = references / "iris_class" / "reference.csv"
    done = darebench(
        "score", str(answer), "--task", "iris_class/if", "--references", str(references), "--json"
    )
    result = json.loads(done.stdout)
    assert (done.returncode, result["score"], result["strict_score"]) == (0, 1.0, 1.0)
    made_with = result["provenance"]
    assert {len(made_with[k]) for k in ("scorer", "truth", "environment", "store")} == {12}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["environment"].update(hash="0" * 12), "environment 000000000000"),
        (lambda r: r.update(answer="0" * 12), "not the answer that reference.json describes"),
        (lambda r: r.pop("environment"), "no usable reference"),
    ],
)
def test_a_reference_of_elsewhere_is_refused_by_name(change, words, references, tmp_path):
    folder = tmp_path / "iris_class"
    folder.mkdir()
    answer = references / "iris_class" / "reference.csv"
    (folder / "reference.csv").write_bytes(answer.read_bytes())
    record = json.loads(answer.with_suffix(".json").read_text())
    change(record)
    (folder / "reference.json").write_text(json.dumps(record))
    options = ("--references", str(tmp_path))
    done = darebench("score", str(answer), "--task", "iris_class/if", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "iris_class/if" in done.stderr
    assert words in done.stderr
    done = darebench("score", "--batch", str(tmp_path), *options, "--json")
    assert done.returncode == 1
    errors = {e["task"]: e["message"] for e in json.loads(done.stdout)["errors"]}
    assert words in errors["iris_class/if"]
