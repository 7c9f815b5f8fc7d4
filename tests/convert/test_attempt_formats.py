"""Attempts and runs in other people's formats, read by their own programs where those are there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cli.running import darebench
from darebench.evals.trajectory import read_trajectories

OWN_PYTHON = Path(__file__).parents[2] / ".venv-harbor" / "bin" / "python"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A real run of one task by the built-in trivial agent."""
    folder = tmp_path_factory.mktemp("runs") / "a"
    done = darebench(
        "eval", "iris_class/mm", "--model", "darebench/trivial", "--out", str(folder), "--quiet"
    )
    assert done.returncode == 0, done.stderr
    return folder


def converted(*words: str) -> dict:
    done = darebench("convert", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_comes_back_from_its_trajectories_as_it_was(run, tmp_path):
    made = converted("atif", str(run), "--out", str(tmp_path / "atif"))
    names = {Path(f).relative_to(tmp_path / "atif").as_posix() for f in made["files"]}
    assert names == {"iris_class/mm/1.json"}
    back = tmp_path / "back.jsonl"
    assert converted("atif", str(tmp_path / "atif"), "--out", str(back))["attempts"] == 1
    own = list(read_trajectories(run / "trajectories.jsonl"))
    assert sorted(read_trajectories(back), key=lambda t: t.task) == sorted(
        own, key=lambda t: t.task
    )


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": "ATIF-v1.8"}'])
def test_other_documents_are_one_sentence(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    done = darebench("convert", "atif", str(tmp_path), "--out", str(tmp_path / "out.jsonl"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "x.json" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_notebook_is_valid_and_runs_to_the_attempts_prediction(run, tmp_path):
    made = converted("notebook", str(run), "--out", str(tmp_path / "notebooks"))
    assert len(made["files"]) == 1
    for file in made["files"]:
        book = nbformat.read(file, as_version=4)
        nbformat.validate(book)
        folder = tmp_path / Path(file).parent.name
        folder.mkdir()
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
        task = f"iris_class/{Path(file).parent.name}"
        scored = darebench("score", str(folder / "prediction.csv"), "--task", task, "--json")
        (own,) = (t.score for t in read_trajectories(run / "trajectories.jsonl") if t.task == task)
        assert json.loads(scored.stdout)["score"] == pytest.approx(own)


def test_a_record_of_every_eval_ever_has_the_runs_means(run, tmp_path):
    out = tmp_path / "record.json"
    assert converted("every-eval-ever", str(run), "--out", str(out))["results"] == 1
    record = json.loads(out.read_text())
    own = {t.track: t.score for t in read_trajectories(run / "trajectories.jsonl")}
    found = {
        r["evaluation_name"]: r["score_details"]["score"] for r in record["evaluation_results"]
    }
    assert found == {f"darebench/{track}": pytest.approx(score) for track, score in own.items()}
    if not OWN_PYTHON.exists():
        pytest.skip("every-eval-ever and Harbor are in .venv-harbor: make harbor-env")
    read = (
        "import sys; from every_eval_ever.eval_types import EvaluationLog as L;"
        "L.model_validate_json(open(sys.argv[1]).read())"
    )
    done = subprocess.run([str(OWN_PYTHON), "-c", read, str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
