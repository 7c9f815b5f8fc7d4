"""Task folders of Harbor: whole, the same each time, and graded as we score."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.running import darebench
from darebench.convert.harbor.tasks import write_tasks
from darebench.errors import ConfigError
from darebench.scoring import score_prediction
from darebench.store.read import open_store
from darebench.types import Truth

HARBOR = Path(__file__).parents[2] / ".venv-harbor" / "bin" / "harbor"
SECRET = {"tests", "solution"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("harbor")
    done = darebench("convert", "harbor", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert len(made["tasks"]) == 12
    assert made["skipped"] == []
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def grade(folder: Path, prediction: Path, logs: Path) -> dict:
    """Run the grader as a program that knows nothing but the image's libraries."""
    command = [sys.executable, "-I", "-B", "tests/scorer.pyz", prediction, "tests", logs]
    subprocess.run(command, cwd=folder, check=True)
    record = json.loads((logs / "score.json").read_text())
    assert float((logs / "reward.txt").read_text()) == record["score"]
    return record


def test_bytes_are_the_same_and_what_is_there_stays(folders, tmp_path):
    before = contents(folders)
    stamps = {p: p.stat().st_mtime_ns for p in folders.rglob("*")}
    write_tasks(open_store(), folders)
    assert stamps == {p: p.stat().st_mtime_ns for p in folders.rglob("*")}
    write_tasks(open_store(), tmp_path)
    assert contents(tmp_path) == before


def test_a_changed_folder_is_replaced_and_a_foreign_one_is_not(folders, tmp_path):
    write_tasks(open_store(), tmp_path)
    config = tmp_path / "iris_class__mm" / "task.toml"
    config.write_text("schema_version = '1.0'\n")
    (config.parent / "stray").write_text("")
    write_tasks(open_store(), tmp_path)
    assert contents(tmp_path) == contents(folders)
    config.unlink()
    with pytest.raises(ConfigError, match="is not a task folder"):
        write_tasks(open_store(), tmp_path)


def test_answers_are_in_no_file_that_an_image_is_made_of(folders):
    for folder in folders.iterdir():
        files = contents(folder)
        secrets = {files[name] for name in files if name.endswith((".csv", ".parquet"))
                   and name.split("/")[0] in SECRET}  # fmt: skip
        assert secrets
        open_ones = [name for name in files if name.split("/")[0] not in SECRET]
        assert not any(files[name] in secrets for name in open_ones)


@pytest.mark.parametrize("name", ["investment_ts__cf", "schools_reg__if"])
def test_the_grader_scores_as_we_do(folders, tmp_path, name):
    folder = folders / name
    told = json.loads((folder / "tests" / "truth.json").read_text())
    for key in ("keys", "targets"):
        told[key] = tuple(told[key])
    truth = Truth(**told, csv=(folder / "tests" / "truth.csv").read_bytes())
    lines = truth.csv.splitlines(keepends=True)
    given = {
        "right": truth.csv,
        "turned": lines[0] + b"".join(reversed(lines[1:])),
        "other": lines[0] + b"".join(lines[1:-1]) + lines[-1].rsplit(b",", 1)[0] + b",7\n",
        "short": b"".join(lines[:-1]),
        "page": b"<html></html>",
    }
    for number, (what, content) in enumerate(given.items()):
        prediction, logs = tmp_path / f"{number}.csv", tmp_path / what
        prediction.write_bytes(content)
        ours = score_prediction(content, truth)
        theirs = grade(folder, prediction, logs)
        assert theirs["score"] == ours.score
        assert (theirs["reason"] is None) == (ours.reason is None)
        assert theirs["scorer"] == ours.provenance.scorer
    assert grade(folder, tmp_path / "none.csv", tmp_path / "logs")["score"] == 0
    assert grade(folder, tmp_path / "0.csv", tmp_path / "logs")["score"] == 1


def test_harbor_finds_nothing_to_mend(folders):
    if not HARBOR.exists():
        pytest.skip("`make harbor-env` makes the environment that Harbor is in")
    done = subprocess.run(
        [HARBOR, "lint", *folders.iterdir(), "--select", "ALL", "--json"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
