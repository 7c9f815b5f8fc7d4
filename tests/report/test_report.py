"""Reports: tables worked by hand, golden files, and a page that hostile text cannot break."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from runs import HOSTILE, example

from darebench.errors import ConfigError
from darebench.report.load import load_run
from darebench.report.page.run_page import write_page
from darebench.report.render import render
from darebench.report.result_tables import PUBLISHED, all_tables, main_table

GOLDEN = Path(__file__).parents[1] / "golden"
FORMS = ("md", "tex", "csv", "json", "terminal")


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


def test_the_main_table_is_worked_by_hand(run):
    table = main_table([load_run(run)])
    row = dict(zip(table.columns, table.rows[0], strict=True))
    # class-MM: task means 0.6 and 0.5; residuals +-0.05 in two clusters.
    error = math.sqrt(2 / 1 * (0.05**2 + 0.05**2)) / 2
    assert row["class-MM"] == f"55.00 ± {100 * error:.2f}"
    assert row["class-IF"] == "50.00"
    assert row["XF"] == "-"
    assert row["reg-MM"] == "-"
    # all: task means 0.6, 0.5, 0.5 in the clusters a (0.6, 0.5) and b.
    mean = 1.6 / 3
    error = math.sqrt(2 * ((1.1 - 2 * mean) ** 2 + (0.5 - mean) ** 2)) / 3
    assert row["all"] == f"{100 * mean:.2f} ± {100 * error:.2f}"
    assert (row["attempts"], row["unscored"], row["missing"]) == ("7", "1", "1")


def test_every_table_counts_what_is_unscored_and_missing(run):
    for table in all_tables([load_run(run)]):
        row = dict(zip(table.columns, table.rows[0], strict=True))
        assert (row["unscored"], row["missing"]) == ("1", "1"), table.title


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


def test_the_page_is_one_file_that_asks_for_nothing(run):
    page = write_page(run).read_text(encoding="utf-8")
    assert write_page(run).read_text(encoding="utf-8") == page
    assert "default-src 'none'" in page
    without_data = re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.DOTALL)
    assert not re.search(r"<[^>]*(?:src|href)\s*=|url\(|@import|https?://", without_data)
    for name, *_ in PUBLISHED:
        assert f"{name} (published)" in page


def test_hostile_text_stays_text_in_the_page(run):
    page = write_page(run).read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page
    data = re.search(
        r'<script type="application/json" id="attempts">(.*?)</script>', page, re.DOTALL
    )
    assert data is not None
    attempts = json.loads(data[1])
    assert attempts[0]["calls"][0]["stdout"] == HOSTILE
    assert "{{7*7}}" in page


CHROMIUM = shutil.which("chromium")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_every_attempt_and_runs_nothing_hostile(run, tmp_path):
    page = write_page(run)
    command = [str(CHROMIUM), *FLAGS.split(), f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.count("<details") == 7
    assert "7 of 7" in done.stdout
    assert "<img" not in done.stdout
