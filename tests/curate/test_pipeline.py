"""Whole curations: good tables become proven tasks, and a kill loses nothing."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darebench.audit.findings import Severity
from darebench.audit.inventory import measure_store
from darebench.audit.task_audit import check_tables
from darebench.audit.task_tables import read_tables
from darebench.curate.curation_options import Options
from darebench.curate.pipeline import Curation, curate
from darebench.curate.record_wire import read_ledger
from darebench.errors import ConfigError
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.types import Variant

OPTIONS = Options(max_targets=3)


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def made(tables, tmp_path_factory):
    return curate(str(tables), tmp_path_factory.mktemp("out"), options=OPTIONS)


@pytest.fixture(scope="module")
def few(tables, tmp_path_factory) -> Path:
    """Two of the good tables, for what is curated in processes of its own."""
    folder = tmp_path_factory.mktemp("few") / "tables"
    folder.mkdir()
    for name in ("diabetes.csv", "diabetes.metadata.txt", "cancer.parquet"):
        shutil.copy(tables / name, folder)
    return folder


@pytest.fixture(scope="module")
def made_of_few(few, tmp_path_factory):
    return curate(str(few), tmp_path_factory.mktemp("out"), options=Options(max_targets=1))


def test_good_tables_become_tasks_of_all_families(made):
    store = open_store(made.store)
    assert store.problems == ()
    assert {t.track for t in store.tasks} == {
        "class-IF", "class-MM", "reg-IF", "reg-MM", "XF", "CF",
    }  # fmt: skip
    assert made.refused == ()
    assert (made.n_tables, made.n_tasks) == (3, len(store.tasks))


def test_the_checks_find_nothing_in_what_was_made(made):
    for task in open_store(made.store).tasks:
        found = check_tables(read_tables(task))
        assert [f for f in found if f.severity is not Severity.NOTE] == [], task.id


def test_settings_files_and_licences_are_recorded(made):
    store = open_store(made.store)
    (shop,) = {t.licence for t in store.tasks if t.dataset.startswith("tables_shops")}
    assert shop == "CC0-1.0"
    assert {t.licence for t in store.tasks} == {"CC0-1.0", "public domain", "unknown"}
    for task in store.tasks:
        if task.variant is Variant.IF:
            settings = read_settings(task)
            assert set(settings.features) <= set(settings.expected_ranges)


def test_a_column_is_called_by_its_meaning_where_there_is_one(made):
    store = open_store(made.store)
    texts = [t.question for t in store.tasks if "diabetes" in t.dataset and t.variant == "if"]
    assert any("body mass index" in text and "`bmi`" not in text for text in texts)


def test_stats_count_what_is_there(made):
    stats = measure_store(made.store)
    assert stats.n_tasks == made.n_tasks == sum(stats.by_column.values())
    assert stats.n_clusters == 3
    assert stats.test_rows is not None
    assert stats.test_rows.smallest >= 100
    assert all(stats.references[c] > stats.floors[c] for c in stats.references)


def test_stats_tell_what_cannot_be_read(made, tmp_path):
    store = shutil.copytree(made.store, tmp_path / "store")
    broken = next(p for p in store.glob("databases/*_reg/source/train_v2.*"))
    broken.write_bytes(b"no table")
    assert any(broken.name in text for text in measure_store(store).unreadable)
    assert measure_store(made.store).unreadable == ()


def test_the_same_call_again_makes_nothing_anew(made, tables):
    before = (made.store / "question_list.json").stat().st_mtime_ns
    again = curate(str(tables), made.store.parent, options=OPTIONS)
    assert (again.n_tasks, again.refused) == (made.n_tasks, made.refused)
    assert (made.store / "question_list.json").stat().st_mtime_ns == before


def test_a_finished_curation_says_that_nothing_was_left_to_do(made, tables):
    assert not made.was_finished
    assert curate(tables, made.store.parent, options=OPTIONS).was_finished


def test_another_seed_in_the_same_folder_is_refused(made, tables):
    with pytest.raises(ConfigError, match=r"another curation \(seed 0 there, 1 here"):
        curate(str(tables), made.store.parent, options=Options(max_targets=3, seed=1))


def test_a_folder_with_other_files_is_left_alone(tables, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ConfigError, match="other files"):
        curate(str(tables), tmp_path)


def test_what_is_made_does_not_lie_among_the_tables(tables):
    with pytest.raises(ConfigError, match="folder of tables"):
        curate(str(tables), tables / "made", options=OPTIONS)
    assert not (tables / "made").exists()


def small_and_refused(folder: Path) -> Path:
    folder.mkdir()
    for number in (1, 2):
        rows = pd.DataFrame(
            {"a": np.arange(20 + number) ** 2, "b": [1, 2, 4] * 7 + [1] * (number - 1)}
        )
        rows.to_csv(folder / f"short{number}.csv", index=False)
    (folder / "void.csv").write_text("")
    return folder


def test_refusals_are_counted_by_reason_as_they_come(tmp_path):
    folder, told = small_and_refused(tmp_path / "tables"), []

    def report(stage, done, total, /, refused):
        told.append((stage, done, total, dict(refused)))

    curate(str(folder), tmp_path / "out", progress=report)
    assert [row[:3] for row in told] == [("tables", n, 3) for n in (1, 2, 3)]
    counts = [sum(row[3].values()) for row in told]
    assert counts == sorted(counts)
    assert told[-1][3]["… rows are left; … are needed"] == 2
    ledger = read_ledger(tmp_path / "out" / "ledger.jsonl")
    assert counts[-1] == len(ledger)


def test_refusals_of_an_earlier_call_are_counted_too(tmp_path):
    folder, out = small_and_refused(tmp_path / "tables"), tmp_path / "out"
    told = []

    class Stop(Exception):
        """In place of a kill."""

    def stop(stage, done, total, /, refused):
        raise Stop

    with pytest.raises(Stop):
        curate(str(folder), out, progress=stop)
    curate(str(folder), out, progress=lambda *_, refused: told.append(sum(refused.values())))
    assert told == [2, 3]


def test_the_command_shows_what_was_refused(tmp_path):
    folder = small_and_refused(tmp_path / "tables")
    command = [sys.executable, "-m", "darebench", "curate", str(folder), "--out"]
    done = subprocess.run(
        [*command, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert "3 refused: 2 … rows are left; … are needed" in " ".join(done.stderr.split())


def go_on(tables: Path, out: Path, expected: Curation, *options: str, moments: list[float]) -> None:
    """Kill a curation at each of the moments; what goes on must end as if nothing had been."""
    command = [sys.executable, "-m", "darebench", "curate", str(tables), "--out", str(out)]
    command += ["--jobs", "2", "--quiet", *options]
    for moment in moments:
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tasks"] == expected.n_tasks
    assert content(out / "store") == content(expected.store)
    assert not (out / "work").exists()


def test_killed_at_a_moment_it_goes_on_to_the_same_bytes(few, made_of_few, tmp_path):
    moment = random.Random(7).uniform(0.5, 6.0)
    go_on(few, tmp_path / "out", made_of_few, "--max-targets", "1", moments=[moment])


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(tables, made, tmp_path):
    moments = random.Random(7)
    at = [moments.uniform(0.5, 12.0) for _ in range(20)]
    go_on(tables, tmp_path / "out", made, "--max-targets", "3", moments=at)


def start(tables: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """Start a curation, and wait until its first table is being written."""
    command = [sys.executable, "-m", "darebench", "curate", str(tables), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--quiet", *options], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not any((out / "work").rglob("train*")):
        assert process.poll() is None, "it ended before anything was written"
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.02)
    return process


def test_two_curations_with_one_folder_do_not_touch_each_other(few, made_of_few, tmp_path):
    out = tmp_path / "out"
    process = start(few, out, "--max-targets", "1")
    try:
        with pytest.raises(ConfigError, match="another process is at work"):
            curate(few, out, options=Options(max_targets=1))
        assert process.wait(timeout=300) == 0
    finally:
        process.kill()
        process.communicate()
    assert content(out / "store") == content(made_of_few.store)


def living(group: int) -> list[int]:
    """Return the processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found.append(int(path.parent.name))
    return found


def test_workers_end_with_a_killed_parent_and_write_no_more(tables, tmp_path):
    out = tmp_path / "out"
    process = start(tables, out, "--max-targets", "3", "--jobs", "2")
    try:
        process.kill()  # the parent alone: its workers are told nothing
        process.communicate()
        deadline = time.monotonic() + 5
        while living(process.pid):
            assert time.monotonic() < deadline, "workers outlive their parent"
            time.sleep(0.05)
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
        time.sleep(2)
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
        assert not (out / "store").exists()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
