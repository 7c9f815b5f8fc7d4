"""Learning curves: what a trainer wrote, drawn."""

from __future__ import annotations

import json

import pytest

from darebench.errors import ConfigError
from darebench.report.page.curves_page import curves_page, read_rows
from darebench.report.render import render
from pages import documents_in
from runs import example


def write(folder, rows, tail=""):
    folder.mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(text + tail)
    return folder


def test_a_page_has_every_metric_of_every_run(tmp_path):
    a = write(tmp_path / "a<b>", [{"step": k, "reward": k / 10, "loss": None} for k in range(1, 4)])
    b = write(tmp_path / "b", [{"step": 0, "reward": 0.5, "note": "x", "loss": float("nan")}])
    page = render([a, b], "html").text
    assert page == curves_page([a, b])
    assert "a<b>" not in page
    documents = documents_in(page)
    assert [training["name"] for training in documents["index"]["trainings"]] == ["a<b>", "b"]
    assert documents["training/0"] == {"reward": [[1, 2, 3], [0.1, 0.2, 0.3]]}
    assert documents["training/1"] == {"reward": [[0], [0.5]]}


def test_runs_of_one_name_are_told_apart(tmp_path):
    for parent in "ab":
        (tmp_path / parent).mkdir()
    rows = [{"step": 1, "loss": 1.0}]
    page = curves_page([write(tmp_path / parent / "run", rows) for parent in "ab"])
    names = [training["name"] for training in documents_in(page)["index"]["trainings"]]
    assert names == ["a/run", "b/run"]


def test_a_line_that_a_kill_cut_off_is_passed_over(tmp_path):
    folder = write(tmp_path / "a", [{"step": 1, "loss": 1.0}], tail='{"step": 2, "lo')
    assert [row["step"] for row in read_rows(folder / "metrics.jsonl")] == [1]
    folder = write(tmp_path / "b", [{"loss": 1.0}])
    with pytest.raises(ConfigError, match="line 1"):
        curves_page([folder])


def test_training_runs_are_a_page_of_their_own(tmp_path):
    folder = write(tmp_path / "a", [{"step": 1, "loss": 1.0}, {"step": 2, "loss": 0.5}])
    with pytest.raises(ConfigError, match="draws its learning curves"):
        render([folder], "md")
    (tmp_path / "empty").mkdir()
    report = render([folder, tmp_path / "empty"], "html")
    assert report.text == curves_page([folder])
    assert [item.path for item in report.left_out] == [str(tmp_path / "empty")]
    run = example(tmp_path / "run")
    report = render([folder, run], "html")
    assert report.shown == (run,)
    assert [item.path for item in report.left_out] == [str(folder)]
