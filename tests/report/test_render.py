"""Every format is what it was, well formed, and listed in the documentation."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from runs import example

from darebench.errors import ConfigError
from darebench.report.formats import FORMATS
from darebench.report.render import render

GOLDEN = Path(__file__).parents[1] / "golden"
FORMS = tuple(name for name in FORMATS if name != "html")
PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_what_it_was(form, run, request):
    text = render([run, run], form)
    path = GOLDEN / f"report.{form}"
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_forms_that_programs_read_are_well_formed(run):
    tables = json.loads(render([run], "json"))["tables"]
    assert tables[0]["rows"][0][0] == "run"
    rows = list(csv.reader(io.StringIO(render([run], "csv"))))
    assert {row[0] for row in rows if row} >= {t["title"] for t in tables}


def test_an_unknown_form_or_folder_is_one_sentence(run, tmp_path):
    with pytest.raises(ConfigError, match="unknown format"):
        render([run], "docx")
    with pytest.raises(ConfigError, match="not a run folder"):
        render([tmp_path], "md")


def test_the_page_of_formats_lists_those_that_there_are():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {name: known.summary for name, known in FORMATS.items()}
