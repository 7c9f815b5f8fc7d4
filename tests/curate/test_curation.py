"""Whole curations: good tables become proven tasks, bad ones are refused, a kill loses nothing."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import sound

from darebench.audit.findings import Severity
from darebench.audit.inventory import measure_store
from darebench.audit.near_duplicates import find_shared_rows
from darebench.audit.task_audit import check_tables
from darebench.audit.task_tables import read_tables
from darebench.curate.pipeline import _same_names, _unique_slugs, curate
from darebench.curate.table import Options
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
    assert all(stats.ceilings[c] > stats.floors[c] for c in stats.ceilings)


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


def test_another_seed_in_the_same_folder_is_refused(made, tables):
    with pytest.raises(ConfigError, match="other options"):
        curate(str(tables), made.store.parent, options=Options(max_targets=3, seed=1))


def test_a_folder_with_other_files_is_left_alone(tables, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ConfigError, match="other files"):
        curate(str(tables), tmp_path)


def test_what_is_made_does_not_lie_among_the_tables(tables):
    with pytest.raises(ConfigError, match="folder of tables"):
        curate(str(tables), tables / "made", options=OPTIONS)
    assert not (tables / "made").exists()


def test_tables_of_alike_names_keep_folders_of_their_own():
    assert _unique_slugs(["Iris", "iris", "iris-2"]) == ["iris", "iris-2", "iris-2-2"]
    records = {
        "car": {"entries": [{"file_path": "databases/a_car-price-usd_reg"}]},
        "car-price": {"entries": [{"file_path": "databases/a_car-price-usd_reg"}]},
        "bus": {"entries": [{"file_path": "databases/a_bus-usd_reg"}]},
    }
    assert list(_same_names(records)) == ["car-price"]


def test_a_full_disk_is_no_refusal(tables, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("darebench.curate.table.write_store", full)
    with pytest.raises(ConfigError, match="No space left on device; when that is mended"):
        curate(str(tables), tmp_path / "out", options=Options(max_targets=1))
    monkeypatch.undo()
    assert curate(str(tables), tmp_path / "out", options=Options(max_targets=1)).refused == ()


def test_licences_can_be_chosen(tables, tmp_path):
    made = curate(str(tables), tmp_path / "out", options=Options(max_targets=1, licences=("cc*",)))
    assert {r.table for r in made.refused} == {"diabetes-csv", "cancer-parquet"}
    assert all("is not accepted" in r.reason for r in made.refused)


def test_classes_of_texts_and_of_numbers_are_joined_apart(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4)).round(3)
    noise = rng.normal(0, 0.7, size=(4, 500))
    frame = pd.DataFrame(x, columns=["heat", "flow", "load", "wear"])
    frame["colour class"] = np.where(x[:, 0] + noise[0] > 0, "red", "blue")
    frame["grade class"] = (x[:, 1] + noise[1] > 0).astype(int)
    frame["shape class"] = np.where(x[:, 2] + noise[2] > 0, "round", "flat")
    frame["class"] = (x[:, 3] + noise[3] > 0).astype(int)
    (tmp_path / "tables").mkdir()
    frame.to_csv(tmp_path / "tables" / "parts.csv", index=False)
    made = curate(str(tmp_path / "tables"), tmp_path / "out", options=Options(max_targets=4))
    several = {frozenset(t.targets) for t in open_store(made.store).tasks if len(t.targets) > 1}
    assert several == {
        frozenset({"colour class", "shape class"}),
        frozenset({"grade class", "class"}),
    }


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

    curate(str(folder), tmp_path / "out", report=report)
    assert [row[:3] for row in told] == [("tables", n, 3) for n in (1, 2, 3)]
    counts = [sum(row[3].values()) for row in told]
    assert counts == sorted(counts)
    assert told[-1][3]["… rows are left; … are needed"] == 2
    ledger = (tmp_path / "out" / "ledger.jsonl").read_text().splitlines()
    assert counts[-1] == len(ledger)


def test_refusals_of_an_earlier_call_are_counted_too(tmp_path):
    folder, out = small_and_refused(tmp_path / "tables"), tmp_path / "out"
    told = []

    class Stop(Exception):
        """In place of a kill."""

    def stop(stage, done, total, /, refused):
        raise Stop

    with pytest.raises(Stop):
        curate(str(folder), out, report=stop)
    curate(str(folder), out, report=lambda *_, refused: told.append(sum(refused.values())))
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


@pytest.mark.slow
def test_every_hostile_file_is_a_task_or_a_refusal_with_a_reason(hostile, tmp_path):
    made = curate(str(hostile), tmp_path / "out", options=Options(max_targets=1))
    store = open_store(made.store)
    assert store.problems == ()
    reasons = {r.table: r.reason for r in made.refused}
    assert not [r for r in reasons.values() if "unexpected" in r]
    ledger = (tmp_path / "out" / "ledger.jsonl").read_text()
    assert "unexpected" not in ledger
    n_given = len(list(hostile.iterdir()))
    assert n_given >= 50
    assert made.n_tables == n_given
    assert len(reasons) + len({t.cluster for t in store.tasks}) == n_given
    expected = {
        "nothing-csv": "0 bytes",
        "header-csv": "no row",
        "program-exe": "unknown kind",
        "broken-parquet": "cannot be read",
        "broken-jsonl": "line 2 is not JSON",
        "list-json": "where an object is due",
        "empty-folder": "no table",
        "one-column-csv": "1 usable columns are left",
        "all-missing-csv": "none of the 3 columns is usable",
        "short-csv": "20 rows",
    }
    for table, part in expected.items():
        assert part in reasons[table], reasons[table]
    kept = {t.cluster.split("/")[1] for t in store.tasks}
    assert {"twins-csv", "wide-csv", "huge-numbers-csv", "quotes-csv", "latin-csv"} <= kept
    assert any("-" in k and "csv" in k for k in kept)


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(kills, tables, made, tmp_path):
    command = [
        sys.executable,
        "-m",
        "darebench",
        "curate",
        str(tables),
        "--out",
        str(tmp_path / "out"),
    ]
    command += ["--max-targets", "3", "--jobs", "2", "--quiet"]
    moments = random.Random(7)
    for _ in range(kills):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.5, 12.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tasks"] == made.n_tasks
    assert content(tmp_path / "out" / "store") == content(made.store)
    assert not (tmp_path / "out" / "work").exists()


@pytest.mark.slow
def test_ten_million_rows_are_sampled_in_bounded_memory(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 100_000)).round(4)
    block = pd.DataFrame({"x": x, "z": z, "y": (2 * x + z + rng.normal(size=100_000)).round(4)})
    text = block.to_csv(index=False, header=False)
    with (folder / "long.csv").open("w") as stream:
        stream.write("x,z,y\n")
        for _ in range(100):
            stream.write(text)
    made = curate(str(folder), tmp_path / "out", options=Options(max_targets=1))
    assert made.refused == ()
    (dataset,) = {t.dataset for t in open_store(made.store).tasks}
    path = made.store / "databases" / dataset / "verify" / "all_metadata.json"
    notes = json.loads(path.read_text())["question"]["source_notes"]
    assert notes == ["a sample of 100000 of 10000000 rows"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3_000_000


def test_a_table_of_some_of_anothers_rows_is_left_out(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    whole = sound("whole")
    whole.to_csv(folder / "a whole.csv", index=False)
    part = whole.sample(frac=0.7, random_state=0).set_axis(["u", "v", "w"], axis=1)
    part.to_csv(folder / "part.csv", index=False)
    sound("other").to_csv(folder / "other.csv", index=False)
    made = curate(str(folder), tmp_path / "made")
    (refusal,) = [r for r in made.refused if r.stage == "twin"]
    assert (refusal.table, made.n_tables) == ("part-csv", 3)
    assert "of the rows, over 3 columns, are those of tables_a-whole-csv" in refusal.reason
    tasks = open_store(str(made.store)).tasks
    assert not [t.dataset for t in tasks if t.dataset.startswith("tables_part")]
    assert find_shared_rows(made.store, tasks) == {}
