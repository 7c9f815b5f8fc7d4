"""Broken and hostile stores: the dataset is named with what is wrong, and the others go on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darebench.errors import StoreError, TaskFormatError
from darebench.store.read import open_store
from darebench.store.truth import read_settings, read_truth
from darebench.types import Variant

CSV, SQLITE, PARQUET = "iris_class", "affairs_class", "diabetes_reg"


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(open_store().root, tmp_path / "store"))


def folder(store: Path, dataset: str = CSV) -> Path:
    return store / "databases" / dataset


def change_entry(store: Path, **fields) -> None:
    path = store / "question_list.json"
    entries = json.loads(path.read_text())
    entries[0].update(fields)
    path.write_text(json.dumps(entries))


def also_needs(store: Path, name: str) -> None:
    path = store / "question_list.json"
    entries = json.loads(path.read_text())
    entries[0]["needed_files_v2"].append(name)
    path.write_text(json.dumps(entries))


def change_settings(store: Path, **fields) -> None:
    path = folder(store) / "verify" / "all_metadata.json"
    value = json.loads(path.read_text())
    value["question"].update(fields)
    path.write_text(json.dumps(value))


def cut(path: Path, n_bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:n_bytes])


def link(store: Path, target: str) -> None:
    (folder(store) / "source" / "extra.csv").symlink_to(target)
    also_needs(store, "extra.csv")


def hard_link(store: Path) -> None:
    os.link(folder(store) / "verify/ground_truth.csv", folder(store) / "source/extra.csv")
    also_needs(store, "extra.csv")


def replace_by_fifo(store: Path) -> None:
    (folder(store) / "source/train_v2.csv").unlink()
    os.mkfifo(folder(store) / "source/train_v2.csv")


BROKEN = {
    "a cut parquet": (PARQUET, lambda s: cut(folder(s, PARQUET) / "source/train_v1.parquet", 900), "cut off"),
    "an empty parquet": (PARQUET, lambda s: cut(folder(s, PARQUET) / "source/val_v1.parquet", 0), "cut off"),
    "a cut sqlite": (SQLITE, lambda s: cut(folder(s, SQLITE) / "source/train_v1.sqlite", 9000), "cut off"),
    "an sqlite that is text": (SQLITE, lambda s: (folder(s, SQLITE) / "source/val_v1.sqlite").write_text("x" * 99), "another kind"),
    "an empty csv": (CSV, lambda s: cut(folder(s) / "source/val_v2.csv", 0), "empty"),
    "a csv that is a pipe": (CSV, replace_by_fifo, "missing"),
    "no answer": (CSV, lambda s: (folder(s) / "verify/ground_truth.csv").unlink(), "ground_truth.csv is missing"),
    "settings that are a folder": (CSV, lambda s: ((folder(s) / "verify/all_metadata.json").unlink(), (folder(s) / "verify/all_metadata.json").mkdir()), "directory"),
    "settings in UTF-16": (CSV, lambda s: (folder(s) / "verify/all_metadata.json").write_bytes("{}".encode("utf-16")), "JSON"),
    "endlessly nested settings": (CSV, lambda s: (folder(s) / "verify/all_metadata.json").write_text("[" * 100_000), "JSON"),
    "an endless number": (CSV, lambda s: (folder(s) / "verify/all_metadata.json").write_text("9" * 9999), "JSON"),
    "no target": (CSV, lambda s: change_settings(s, target=None), "target"),
    "an empty target": (CSV, lambda s: change_settings(s, target=""), "target ''"),
    "a doubled target": (CSV, lambda s: change_settings(s, target=["species", "species"]), "named twice"),
    "row_id as target": (CSV, lambda s: change_settings(s, target=["row_id"]), "row_id"),
    "a target that is a table": (CSV, lambda s: change_settings(s, target={"a": 1}), "target"),
    "ranges as a list": (CSV, lambda s: change_settings(s, expected_ranges=[1]), "expected_ranges"),
    "a seed that is a word": (CSV, lambda s: change_settings(s, random_state="x"), "random_state"),
    "a blank question": (CSV, lambda s: change_entry(s, question_v2="  "), "question_v2"),
    "an unknown kind": (CSV, lambda s: change_entry(s, task="poetry"), "poetry"),
    "no files": (CSV, lambda s: change_entry(s, needed_files_v1=None), "needed_files_v1"),
    "a file of verify": (CSV, lambda s: also_needs(s, "../verify/ground_truth.csv"), "may see"),
    "an absolute file": (CSV, lambda s: also_needs(s, "/etc/passwd"), "may see"),
    "a file with NUL": (CSV, lambda s: also_needs(s, "a\0b"), "may see"),
    "the clean file": (CSV, lambda s: also_needs(s, "train_v1_no_err.csv"), "may see"),
    "a link to the answer": (CSV, lambda s: link(s, "../verify/ground_truth.csv"), "may see"),
    "a link to the clean file": (CSV, lambda s: link(s, "train_v1_no_err.csv"), "may see"),
    "a link out of the store": (CSV, lambda s: link(s, "/etc/passwd"), "may see"),
    "a link to itself": (CSV, lambda s: link(s, "extra.csv"), "missing"),
    "the answer under another name": (CSV, hard_link, "may see"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_dataset_is_named_and_the_others_go_on(what, copy):
    dataset, break_it, words = BROKEN[what]
    break_it(copy)
    store = open_store(copy)
    assert [p.dataset for p in store.problems] == [dataset]
    assert words in store.problems[0].message
    assert len(store.tasks) == 10
    assert dataset not in {t.dataset for t in store.tasks}


@pytest.mark.parametrize("name", ["iris\0class", "x" * 5000, "\ud800", ".", "a/../..", 5, None, []])
def test_an_entry_without_a_usable_folder_is_named(name, copy):
    change_entry(copy, file_path=name)
    store = open_store(copy)
    assert len(store.problems) == 1
    assert store.problems[0].dataset.isprintable()
    assert len(store.tasks) == 10


@pytest.mark.parametrize(
    "settings_that_do", [{"target": "species"}, {"expected_ranges": None}, {"random_state": "42"}]
)
def test_what_can_be_understood_is_read(settings_that_do, copy):
    change_settings(copy, **settings_that_do)
    store = open_store(copy)
    assert (len(store.tasks), store.problems) == (12, ())
    assert store.task("iris_class/mm").targets == ("species",)


def test_names_in_any_script(copy):
    name = "írîs_測試_😀_class"
    folder(copy).rename(folder(copy, name))
    change_entry(copy, file_path=name)
    task = open_store(copy).task(f"{name}/mm")
    assert read_truth(task).keys == ("row_id",)


def test_linked_contents_of_the_hub_s_cache_are_read(copy, tmp_path):
    blobs = tmp_path / "hub" / "blobs"
    blobs.mkdir(parents=True)
    store = tmp_path / "hub" / "snapshots" / "abc"
    for number, path in enumerate(sorted(p for p in copy.rglob("*") if p.is_file())):
        blob = blobs / str(number)
        shutil.move(path, blob)
        place = store / path.relative_to(copy)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(blob)
    assert (len(open_store(store).tasks), open_store(store).problems) == (12, ())


def test_a_table_that_cannot_be_read_is_named_by_the_list(copy):
    (folder(copy) / "source/train_v2.csv").write_text("a,b\n1,2\n1,2,3\n")
    command = [sys.executable, "-m", "darebench", "tasks", "list", "--store", str(copy), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert [e["dataset"] for e in result["errors"]] == ["iris_class"]
    assert len(result["tasks"]) == 11


def nonsense():
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
    )  # fmt: skip


FIELDS = st.sampled_from(
    ["target", "selected_features", "numerical_features", "expected_ranges", "column_type_inference",
     "imputer_type", "model_type", "random_state", "time_column", "time_format"]
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(FIELDS, nonsense(), max_size=3),
    st.dictionaries(st.sampled_from(["file_path", "task", "question_v1", "needed_files_v2", "domain"]), nonsense(), max_size=2),
    nonsense() | st.none(),
)  # fmt: skip
def test_no_json_ever_stops_the_others(copy, question, entry, whole):
    kept = {
        p: p.read_text()
        for p in (copy / "question_list.json", folder(copy) / "verify/all_metadata.json")
    }
    try:
        change_settings(copy, **question)
        change_entry(copy, **entry)
        if whole is not None:
            (folder(copy) / "verify/all_metadata.json").write_text(json.dumps(whole))
        store = open_store(copy)
        assert len(store.tasks) >= 10
        assert len(store.tasks) + 2 * len(store.problems) == 12
        for task in (t for t in store.tasks if t.dataset == CSV):
            with contextlib.suppress(TaskFormatError):
                read_settings(task) if task.variant is Variant.IF else read_truth(task)
    finally:
        for path, text in kept.items():
            path.write_text(text)


@pytest.mark.parametrize("text", ["", "{}", "5", "{", '"x"', "\ufeff{}", "[" * 99_999])
def test_a_question_list_that_is_none_is_one_sentence(text, copy):
    (copy / "question_list.json").write_text(text)
    with pytest.raises(StoreError):
        open_store(copy)
