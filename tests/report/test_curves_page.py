"""Learning curves: what a trainer wrote, drawn."""

from __future__ import annotations

import json
import re

import pytest
from runs import example

from darebench.errors import ConfigError
from darebench.report.page.curves_page import curves_page, draw, read_rows
from darebench.report.render import render


def write(folder, rows, tail=""):
    folder.mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(text + tail)
    return folder


def test_a_page_has_a_picture_for_each_metric_and_a_line_for_each_run(tmp_path):
    a = write(tmp_path / "a<b>", [{"step": k, "reward": k / 10, "loss": 1.0} for k in range(1, 9)])
    b = write(tmp_path / "b", [{"step": k, "reward": 0.5} for k in range(1, 5)])
    page = render([a, b], "html").text
    assert page.count("<figure>") == 2
    assert page.count("<polyline") == 2 * (2 + 1)
    assert "a&lt;b&gt;" in page
    assert "a<b>" not in page
    assert page == curves_page([a, b])


def test_the_highest_value_is_at_the_top_and_the_last_step_at_the_right():
    rows = {"run": [{"step": 0, "reward": 0.0}, {"step": 10, "reward": 1.1}]}
    picture = draw("reward", "Reward", rows)
    assert (picture.low, picture.high, picture.steps) == ("0", "1.1", 10)
    first, last = re.findall(r"([\d.]+),([\d.]+)", picture.curves[0].raw)
    assert float(first[0]) < float(last[0])
    assert float(first[1]) > float(last[1])


def test_runs_of_one_name_are_told_apart_and_what_is_no_value_is_passed_over(tmp_path):
    rows = [{"step": k, "reward": k / 10, "loss": None} for k in range(1, 4)]
    for parent in "ab":
        (tmp_path / parent).mkdir()
    page = curves_page([write(tmp_path / parent / "run", rows) for parent in "ab"])
    assert "a/run" in page
    assert "b/run" in page
    assert page.count("<figure>") == 1


def test_a_metric_with_one_value_is_not_drawn():
    assert draw("reward", "Reward", {"run": [{"step": 1, "reward": 1.0}]}) is None


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
