"""The promised commands, their JSON and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from darebench.store.read import open_store
from darebench.store.truth import read_truth


def darebench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "darebench", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_tasks_list_names_every_task():
    done = darebench("tasks", "list", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["errors"] == []
    assert len(result["tasks"]) == 12
    task = result["tasks"][0]
    assert set(task) == {
        "id", "dataset", "variant", "family", "targets", "files", "train_rows", "test_rows", "domain",
    }  # fmt: skip
    assert (task["id"], task["train_rows"], task["test_rows"]) == ("iris_class/if", 144, 30)


def test_score_of_one_file(tmp_path):
    answer = read_truth(open_store().task("iris_class/mm"))
    path = tmp_path / "prediction.csv"
    path.write_bytes(answer.csv)
    result = json.loads(darebench("score", str(path), "--task", "iris_class/v2", "--json").stdout)
    assert (result["task"], result["score"], result["strict_score"]) == ("iris_class/mm", 1.0, 1.0)
    assert result["rows"] == {"expected": 30, "given": 30, "matched": 30}
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


def test_references_follow_from_the_text():
    done = darebench("reference", "--check", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert len(result["tasks"]) == 4
    assert all(t["literal_equal"] and t["repeatable"] for t in result["tasks"])
    assert len(result["environment"]["hash"]) == 12


def test_sandbox_run_gives_status_output_and_files(tmp_path):
    program = tmp_path / "p.py"
    program.write_text("print(open('a').read())\nopen('b', 'w').write('x')")
    (tmp_path / "given").write_text("hello")
    done = darebench(
        "sandbox", "run", str(program), "--load", f"a={tmp_path / 'given'}", "--save", "b",
        "--save", "c", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"], result["stdout"]) == ("ok", 0, "hello\n")
    assert result["files"]["b"] == {"bytes": 1, "path": str(tmp_path / "b")}
    assert result["files"]["c"] == {"refused": "the program did not write it"}


def test_sandbox_check_finds_everything_covered():
    done = darebench("sandbox", "check", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert [f for f in findings if not f["covered"]] == []
    assert len(findings) > 10


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("tasks", "list", "--store", "nowhere"), 2, "no store at nowhere"),
        (("tasks", "show", "nothing/mm"), 2, "no task"),
        (("score",), 2, "--batch"),
        (("score", "x.csv", "--task", "nothing/mm"), 2, "no task"),
        (("sandbox", "run", "nowhere.py"), 2, "No such file"),
        (("report", "nowhere"), 2, "no run folder"),
        (("eval", "nothing"), 2, "no task matches"),
        (("tasks", "list", "--family", "fruit"), 2, "fruit"),
    ],
)
def test_unusable_input_is_one_sentence_and_exit_2(arguments, code, words):
    done = darebench(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
