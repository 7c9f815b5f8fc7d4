"""The promised commands, their JSON and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer

from darebench.cli import app
from darebench.cli.options import show_progress
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
        (("report", "nowhere"), 2, "not a run folder"),
        (("eval", "nothing"), 2, "no task matches"),
        (("tasks", "list", "--family", "fruit"), 2, "fruit"),
    ],
)
def test_unusable_input_is_one_sentence_and_exit_2(arguments, code, words):
    done = darebench(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def commands(group=None, path=()):
    """Every command with its words."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_every_command_has_an_example_and_the_common_options(words):
    command = dict(commands())[words]
    assert f"Example: darebench {words[0]}" in command.help
    options = {option for parameter in command.params for option in parameter.opts}
    if words[-1] != "serve":  # a server prints no result
        assert {"--json", "--quiet"} <= options


def test_help_of_every_command_is_printed():
    for words in ((), *(w for w, _ in list(commands())[::5])):
        done = darebench(*words, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert "--help" in done.stdout


def test_a_table_that_a_reader_cuts_off_is_no_error():
    command = f"{sys.executable} -m darebench tasks list --json | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


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


def test_progress_without_a_terminal_is_a_line_at_the_start_and_at_the_end_of_a_stage(capsys):
    with show_progress(quiet=False) as report:
        for done in range(4):
            report("tables", done, 3)
        report("tables", 3, 3)
        report("tasks", 1, 1, "2 refused")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" s: ")[2] for line in lines] == [
        "tables 0/3", "tables 3/3", "tasks 1/1 2 refused",
    ]  # fmt: skip
