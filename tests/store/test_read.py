"""Reading stores: whole, broken, packed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from darebench.curate.starter import build_datasets
from darebench.errors import ConfigError, StoreError
from darebench.store.read import open_store, select
from darebench.store.truth import read_settings, read_truth
from darebench.store.write import write_store
from darebench.types import Family, Track, Variant


@pytest.fixture(scope="module")
def starter() -> Path:
    return open_store().root


@pytest.fixture
def copy(starter, tmp_path) -> Path:
    return Path(shutil.copytree(starter, tmp_path / "store"))


def test_the_starter_store_has_all_six_kinds(starter):
    store = open_store(starter)
    assert store.problems == ()
    assert {t.track for t in store.tasks} == set(Track)


def test_the_starter_store_is_the_same_bytes_again(tmp_path):
    for name in ("a", "b"):
        write_store(build_datasets(), tmp_path / name)
    files = sorted(
        p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()
    )
    assert len(files) > 30
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_every_public_task_loads(real_store):
    store = open_store(real_store)
    assert (len(store.tasks), store.problems) == (98, ())
    for task in store.tasks:
        if task.variant is Variant.IF:
            assert read_settings(task).features
        else:
            assert read_truth(task).keys


def test_clusters_join_folders_of_one_source(starter):
    tasks = open_store(starter).tasks
    clusters = {t.cluster for t in tasks if t.dataset.startswith("us-economy")}
    assert len(clusters) == 1


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda d: (d / "source" / "train_v2.csv").unlink(), "train_v2.csv is missing"),
        (lambda d: (d / "verify" / "all_metadata.json").write_text("{"), "cannot be read as JSON"),
        (lambda d: (d / "verify" / "all_metadata.json").write_text("{}"), "question"),
        (lambda d: shutil.rmtree(d), "missing"),
    ],
)
def test_a_broken_dataset_is_named_and_the_others_go_on(copy, break_it, message):
    break_it(copy / "databases" / "iris_class")
    store = open_store(copy)
    assert [p.dataset for p in store.problems] == ["iris_class"]
    assert message in store.problems[0].message
    assert len(store.tasks) == 10
    with pytest.raises(ConfigError, match="iris_class"):
        store.task("iris_class/mm")


def test_the_clean_training_file_is_never_given_out(copy):
    path = copy / "question_list.json"
    entries = json.loads(path.read_text())
    entries[0]["needed_files_v1"].append("train_v1_no_err.csv")
    path.write_text(json.dumps(entries))
    assert "not one that an agent may see" in open_store(copy).problems[0].message


@pytest.mark.parametrize("name", ["../../etc", "/etc", "databases/../../x"])
def test_a_dataset_outside_the_store_is_refused(copy, name):
    path = copy / "question_list.json"
    entries = json.loads(path.read_text())
    entries[0]["file_path"] = name
    path.write_text(json.dumps(entries))
    assert len(open_store(copy).problems) == 1


def test_selection_by_everything(starter):
    tasks = open_store(starter).tasks
    assert {t.family for t in select(tasks, ["*_ts/cf"])} == {Family.TS}
    assert [t.id for t in select(tasks, ["iris_class/v1"])] == ["iris_class/if"]
    assert len(select(tasks, variant=Variant.IF)) == 4
    assert len(select(tasks, family=Family.REG, limit=3)) == 3
    assert select(tasks, limit=5, seed=1) == select(tasks, limit=5, seed=1)
    with pytest.raises(ConfigError, match="no task matches"):
        select(tasks, ["nothing"])


@pytest.mark.parametrize("ref", ["nowhere", "hf://only-a-name"])
def test_a_wrong_reference_is_one_sentence(ref):
    with pytest.raises(StoreError):
        open_store(ref)


def test_an_empty_folder_is_not_a_store(tmp_path):
    with pytest.raises(StoreError, match=r"question_list\.json"):
        open_store(tmp_path)


def test_a_near_miss_is_answered_with_the_nearest_ids(starter):
    store = open_store(starter)
    with pytest.raises(ConfigError, match=r"did you mean 'iris_class/mm' or 'iris_class/if'"):
        store.task("iris_clas/mm")
    with pytest.raises(ConfigError, match=r"did you mean .*'us-economy_ts'"):
        select(store.tasks, ["us-econmy_ts"])
    with pytest.raises(ConfigError, match=r"prints the ids$"):
        store.task("nothing")


def test_a_store_is_shown_in_short_and_as_a_table(copy):
    path = copy / "question_list.json"
    entries = json.loads(path.read_text())
    entries[0]["domain"] = "<script>alert(1)</script>"
    entries[1]["task"] = "poetry"
    path.write_text(json.dumps(entries))
    store = open_store(copy)
    assert repr(store) == f"<Store {copy}: 10 tasks, 1 problems, hash {store.hash}>"
    frame = store.to_frame()
    assert list(frame["id"]) == [task.id for task in store.tasks]
    assert set(frame["track"]) <= {str(track) for track in Track}
    html = store._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert html.startswith(f"<p>&lt;Store {copy}")
