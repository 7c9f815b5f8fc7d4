"""Whatever is given to `darebench report`, the runs among it are shown and the rest is named."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.running import darebench
from darebench.evals.attempts_file import ATTEMPTS
from darebench.report.load import load_run, read_paths, short_names
from darebench.work import set_aside
from runs import example


def broken(folder: Path, change) -> Path:
    change(example(folder))
    return folder


def record(folder: Path, change) -> None:
    path = folder / "config.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def line(folder: Path, **changed) -> None:
    path = folder / ATTEMPTS
    first, *others = path.read_text(encoding="utf-8").split("\n")
    path.write_text(json.dumps(json.loads(first) | changed) + "\n" + "\n".join(others), "utf-8")


NO_RUN = {
    "missing": lambda path: path,
    "file": lambda path: path.write_text("a"),
    "empty": lambda path: path.mkdir(),
    "other-files": lambda path: (path.mkdir(), (path / "a.csv").touch()),
    "folder-of-runs": lambda path: example(path / "run"),
    "no-json": lambda path: broken(path, lambda f: (f / "config.json").write_text("{")),
    "a-list": lambda path: broken(path, lambda f: (f / "config.json").write_text("[]")),
    "bytes": lambda path: broken(path, lambda f: (f / "config.json").write_bytes(b"\xff\xfe")),
    "no-model": lambda path: broken(path, lambda f: record(f, lambda r: r["config"].pop("model"))),
    "no-tasks": lambda path: broken(path, lambda f: record(f, lambda r: r.pop("task_ids"))),
    "no-environment": lambda path: broken(path, lambda f: (f / "env.json").unlink()),
    "score-of-7": lambda path: broken(path, lambda f: line(f, score=7)),
    "score-of-text": lambda path: broken(path, lambda f: line(f, score="high")),
    "nan": lambda path: broken(path, lambda f: line(f, seconds=float("nan"))),
    "no-track": lambda path: broken(path, lambda f: line(f, column="none")),
    "link-to-nothing": lambda path: path.symlink_to(path.parent / "gone"),
    "training": lambda path: (path.mkdir(), (path / "metrics.jsonl").touch()),
}
"""Name -> makes a path that is not a run that can be shown."""


@pytest.mark.parametrize("kind", NO_RUN)
def test_what_is_no_run_is_one_sentence_and_exit_code_2(kind, tmp_path):
    NO_RUN[kind](tmp_path / kind)
    done = darebench("report", kind, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert kind in done.stderr


def test_several_that_are_no_runs_are_one_sentence_too(tmp_path):
    for kind in NO_RUN:
        NO_RUN[kind](tmp_path / kind)
    done = darebench("report", *NO_RUN, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"none of these {len(NO_RUN)} is a run" in done.stderr


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    for kind in NO_RUN:
        NO_RUN[kind](folder / kind)
    for name in ("a", "b", "c"):
        example(folder / name)
    set_aside(folder / "c")
    return folder


@settings(max_examples=30, deadline=None)
@given(kinds=st.sets(st.sampled_from([*NO_RUN, "c.old1"])), form=st.sampled_from(["json", "csv", "terminal", "html", "md", "tex"]), seed=st.integers(0, 9))  # fmt: skip
def test_runs_are_shown_whatever_lies_between_them(kinds, form, seed, shelf):
    given_paths = [*kinds, "a", "b"]
    random.Random(seed).shuffle(given_paths)
    done = darebench("report", *given_paths, "--format", form, cwd=shelf)
    assert done.returncode == 0, done.stderr
    left = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    assert {line.split()[2] for line in left} == kinds
    assert len(left) == len(kinds)
    if form == "json":
        value = json.loads(done.stdout)
        assert {item["path"] for item in value["left_out"]} == kinds
        assert all(item["reason"] for item in value["left_out"])
        assert {run["run"] for run in value["runs"]} == {"a", "b"}


def test_a_run_that_was_set_aside_is_shown_when_it_is_given_alone(shelf):
    done = darebench("report", "c.old1", "--format", "json", cwd=shelf)
    assert [run["run"] for run in json.loads(done.stdout)["runs"]] == ["c.old1"]


@pytest.mark.parametrize("kept", [0, 1, 5, 10.5])
def test_a_run_that_has_not_ended_is_shown_as_far_as_it_is(kept, tmp_path):
    run = example(tmp_path / "run")
    path = run / ATTEMPTS
    lines = path.read_bytes().splitlines(keepends=True)
    whole = b"".join(lines[: int(kept)])
    path.write_bytes(whole + (lines[int(kept)][:40] if kept % 1 else b""))
    done = darebench("report", "run", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)["runs"][0]
    assert (shown["attempts"], shown["missing"], shown["expected"]) == (
        kept // 1,
        12 - kept // 1,
        12,
    )
    assert f"{int(kept)} of 12 attempts have ended, {12 - int(kept)} missing" in done.stderr
    for form in ("terminal", "html", "csv", "md", "tex"):
        assert darebench("report", "run", "--format", form, cwd=tmp_path).returncode == 0
    path.unlink()
    assert load_run(run).missing == 12


def test_runs_of_one_name_are_told_apart_and_one_run_is_shown_once(tmp_path):
    for parent in "xy":
        example(tmp_path / parent / "run")
    results = read_paths([tmp_path / "x/run", tmp_path / "y/run", tmp_path / "x/../x/run"])
    assert [run.name for run in results.runs] == ["x/run", "y/run"]
    assert [item.reason for item in results.left_out] == ["was given twice"]


@given(st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=4), st.integers(1, 5))
def test_short_names_are_as_different_as_the_folders(parts, n):
    folders = [Path("/", *parts[: k + 1], "run") for k in range(min(n, len(parts)))]
    names = short_names(folders)
    assert len(set(names)) == len(set(folders))
    assert all(str(folder).endswith(name) for folder, name in zip(folders, names, strict=True))


def test_a_run_can_be_given_as_the_working_folder(tmp_path):
    run = example(tmp_path / "run")
    done = darebench("report", ".", "--format", "json", cwd=run)
    assert [r["run"] for r in json.loads(done.stdout)["runs"]] == ["run"]
    shutil.rmtree(run)
