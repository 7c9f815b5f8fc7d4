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


def test_a_file_that_does_not_exist_is_named_and_not_scored(tmp_path):
    done = darebench("score", "nope.csv", "--task", "iris_class/mm", "--json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "darebench: nope.csv does not exist; give the file that holds the prediction"
    ]


def test_score_of_a_folder_counts_what_is_missing(tmp_path):
    answer = read_truth(open_store().task("diabetes_reg/mm"))
    path = tmp_path / "diabetes_reg" / "mm" / "prediction.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(answer.csv)
    result = json.loads(darebench("score", "--batch", str(tmp_path), "--json").stdout)
    assert len(result["missing"]) == 11
    assert result["columns"]["reg-MM"]["mean"] == 0.5
    assert (result["columns"]["reg-MM"]["n"], result["columns"]["reg-MM"]["answered"]) == (2, 1)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([], "found: none"),
        (["prediction.csv"], "found: none"),
        (["iris_class/prediction.csv"], "found: none"),
        (["iris_class/mm/answer.csv"], "found: none"),
        (["iris/mm/prediction.csv", "b/if/prediction.csv"], "2 of other tasks, such as b/if"),
        (["iris_class/xf/prediction.csv"], "1 of other tasks, such as iris_class/xf"),
    ],
)
def test_a_folder_in_which_nothing_matches_says_what_is_expected(given, found, tmp_path):
    for name in given:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("row_id,y\n1,1\n")
    done = darebench("score", "--batch", str(tmp_path), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert found in done.stderr
    assert f"{tmp_path}/iris_class/if/prediction.csv" in done.stderr
    assert darebench("score", "--batch", str(tmp_path / "nope")).returncode == 2


def test_predictions_of_unknown_tasks_are_named_beside_the_others(tmp_path):
    for name in ("diabetes_reg/mm", "wine_clas/mm"):
        path = tmp_path / name / "prediction.csv"
        path.parent.mkdir(parents=True)
        path.write_text("row_id,y\n1,1\n")
    result = json.loads(darebench("score", "--batch", str(tmp_path), "--json").stdout)
    assert result["unknown"] == ["wine_clas/mm"]
    assert "wine_clas/mm" in darebench("score", "--batch", str(tmp_path)).stderr


def test_a_score_of_0_is_explained(tmp_path):
    answer = read_truth(open_store().task("diabetes_reg/mm"))
    header, *rows = answer.csv.decode().splitlines()
    path = tmp_path / "prediction.csv"
    path.write_text("\n".join([header, *(f"{row.split(',')[0]},5000" for row in rows)]))
    done = darebench("score", str(path), "--task", "diabetes_reg/mm", "--json")
    result = json.loads(done.stdout)
    (detail,) = result["details"]
    assert (result["score"], result["reason"]["code"]) == (0.0, "worse_than_mean")
    assert detail["raw"] < -100
    assert detail["reason"] == result["reason"]
    said = darebench("score", str(path), "--task", "diabetes_reg/mm")
    assert said.stdout == "diabetes_reg/mm: 0.0000\n"
    assert f"R2 of {header.split(',')[1]!r} is {detail['raw']:.1f}" in said.stderr


def test_means_have_one_decimal_and_no_error_that_means_nothing(tmp_path):
    answer = read_truth(open_store().task("diabetes_reg/mm"))
    path = tmp_path / "diabetes_reg" / "mm" / "prediction.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(answer.csv)
    done = darebench("score", "--batch", str(tmp_path))
    line = next(x for x in done.stdout.splitlines() if x.startswith("reg-MM"))
    assert line == "reg-MM     50.0 %  (n 2, answered 1, unscored 0)"
    assert "it takes 3 source datasets (here: 2)" in done.stderr


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
    batch = folder / "if" / "prediction.csv"
    batch.parent.mkdir()
    batch.write_bytes(answer.read_bytes())
    done = darebench("score", "--batch", str(tmp_path), *options, "--json")
    assert done.returncode == 1
    errors = {e["task"]: e["message"] for e in json.loads(done.stdout)["errors"]}
    assert words in errors["iris_class/if"]
