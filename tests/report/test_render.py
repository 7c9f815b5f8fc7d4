"""Every format is what it was, well formed, made from the same figures, and documented."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from darebench.errors import ConfigError
from darebench.report.delimited import COLUMNS
from darebench.report.figures import groups
from darebench.report.formats import FORMATS
from darebench.report.load import Results, load_run
from darebench.report.markdown import table_text
from darebench.report.render import render
from darebench.report.table import ReportTable
from darebench.report.tables import all_tables
from runs import example

GOLDEN = Path(__file__).parents[1] / "golden"
FORMS = tuple(name for name in FORMATS if name != "html")
PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_what_it_was(form, run, tmp_path, request):
    text = render([run, example(tmp_path / "other")], form).text
    path = GOLDEN / f"report.{form}"
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_csv_is_one_long_table_of_numbers(run):
    frame = pd.read_csv(io.StringIO(render([run], "csv").text))
    assert tuple(frame.columns) == COLUMNS
    for column in ("value", "low", "high", "bootstrap_low", "bootstrap_high", "n_tasks"):
        assert frame[column].dtype.kind in "if", column
    assert not frame.duplicated(["run", "track", "task", "metric"]).any()
    assert set(frame["unit"]) == {"percent", "attempts", "calls", "seconds", "tokens"}
    scores = frame[(frame["metric"] == "score") & frame["task"].isna()]
    assert dict(zip(scores["track"], scores["value"], strict=True))["class-MM"] == 43.333333
    tasks = frame[(frame["metric"] == "score") & frame["task"].notna()]
    assert len(tasks) == 6


def test_json_has_numbers_with_their_units_in_the_names(run):
    value = json.loads(render([run], "json").text)
    assert value["schema"] == 3
    words = {"run", "model", "track", "task", "score_note"}
    for row in (*value["runs"], *value["tracks"], *value["tasks"]):
        texts = {name for name, item in row.items() if isinstance(item, str)}
        assert texts <= words
    assert value["runs"][0]["score_percent"] == 38.5
    assert value["runs"][0]["missing"] == 1
    by_track = {row["track"]: row for row in value["tracks"]}
    assert by_track["class-MM"]["score_low_percent"] == 0.0
    assert by_track["class-IF"]["score_low_percent"] is None
    assert {row["task"] for row in value["tasks"]} == {t.task for t in load_run(run).trajectories}
    zeros = {zero["task"]: zero for zero in value["zeros"]}
    assert zeros["d_reg/mm"]["targets"]["y"]["raw"] == -21.8
    assert zeros["a_class/if"]["targets"]["y"]["differing_rows"] == 3
    assert zeros["a_class/if"]["reason"]["code"] == "instruction_not_followed"


def test_csv_and_json_hold_the_same_figures(run):
    frame = pd.read_csv(io.StringIO(render([run], "csv").text)).astype(object).fillna("")
    rows = frame.to_dict("records")
    value = json.loads(render([run], "json").text)
    objects = {
        (row["track"], row.get("task", "")): row
        for row in (*value["runs"], *value["tracks"], *value["tasks"])
    }
    for row in rows:
        name = row["metric"] + ("_percent" if row["unit"] == "percent" else "")
        found = objects[row["track"], row["task"]][name]
        assert ("" if found is None else found) == row["value"], row


def test_every_figure_is_documented(run):
    documented = set(re.findall(r"`(\w+)`", PAGE))
    metrics = {m for group in groups(load_run(run)) for m in group.figures}
    for metric in metrics:
        general = re.sub(r"^(failed|calls)_(?!per_attempt).*", r"\1_", metric)
        assert metric in documented or f"{general}CLASS" in PAGE or f"{general}STATUS" in PAGE, (
            metric
        )
    assert set(COLUMNS) <= documented


def test_an_unknown_form_is_one_sentence(run):
    with pytest.raises(ConfigError, match="unknown format"):
        render([run], "docx")


def test_the_page_of_formats_lists_those_that_there_are():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("## ")[0], re.MULTILINE)
    assert dict(rows) == {name: known.summary for name, known in FORMATS.items()}


@given(st.lists(st.text(st.sampled_from("ab[]{}\\|*_`<>&%$#~^ \n\t\r\u2028é–…\"'-"), min_size=1), min_size=2, max_size=2))  # fmt: skip
def test_names_are_shown_as_they_are_in_markdown(names):
    table = ReportTable(title="T", note="", columns=tuple(names), rows=(tuple(names),))
    shown = MarkdownIt().enable("table").render(table_text(table))
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", shown, re.DOTALL)
    assert [unescape(cell) for cell in cells] == [" ".join(name.split()) for name in names] * 2


def test_a_row_of_latex_cannot_end_early(tmp_path):
    run = replace(load_run(example(tmp_path / "run")), name="[x] & \\\\ \n %")
    text = FORMATS["tex"].write(Results(runs=(run,)))
    rows = [line for line in text.splitlines() if line.startswith("{[}x{]}")]
    tables = all_tables([run])
    assert len(rows) == sum(len(t.rows) for n, t in tables.items() if n != "published")
    assert all(row.endswith(r" \\") for row in rows)
