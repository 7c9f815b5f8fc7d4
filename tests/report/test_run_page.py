"""The page of a run: one file, which hostile text cannot break."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from runs import HOSTILE, example

from darebench.report.page.run_page import write_page
from darebench.report.result_tables import PUBLISHED


@pytest.fixture
def run(tmp_path) -> Path:
    return example(tmp_path / "run")


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
    assert done.stdout.count("<details") == 11
    assert "11 of 11" in done.stdout
    assert "<img" not in done.stdout
