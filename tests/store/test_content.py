"""A store's hash changes with all that decides a score, with nothing else, and never unnoticed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import threading
from pathlib import Path

import pytest

from darebench.store import file_hashes
from darebench.store.content import describe_changes
from darebench.store.read import open_store

IF, MM = "iris_class/if", "iris_class/mm"
FORECASTS = ("us-economy-inflation_ts/cf", "us-economy-inflation_ts/xf")


@pytest.fixture(scope="module")
def starter() -> Path:
    return open_store().root


@pytest.fixture
def copy(starter, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "cache"))
    return Path(shutil.copytree(starter, tmp_path / "store"))


def changed(root: Path, change) -> set[str]:
    """Return the ids of the tasks that a change of the folder gives another hash."""
    before = open_store(root)
    known = dict(before.task_hashes)
    change(root)
    now = open_store(root)
    other = {task for task, known_hash in known.items() if now.task_hashes.get(task) != known_hash}
    assert (now.hash != before.hash) == bool(other)
    assert (describe_changes(known, now.task_hashes) is None) == (not other)
    return other


def append(*parts: str, text: str = "\n"):
    def change(root: Path) -> None:
        with root.joinpath("databases", "iris_class", *parts).open("a") as stream:
            stream.write(text)

    return change


def settings(**values):
    """Change fields of a dataset's settings: `section__field=value`."""

    def change(root: Path) -> None:
        path = root / "databases" / "iris_class" / "verify" / "all_metadata.json"
        whole = json.loads(path.read_text())
        for name, value in values.items():
            section, field = name.split("__")
            whole.setdefault(section, {})[field] = value
        path.write_text(json.dumps(whole, indent=3))

    return change


def entry(**values):
    """Change fields of a dataset's object in the question list."""

    def change(root: Path) -> None:
        path = root / "question_list.json"
        whole = json.loads(path.read_text())
        next(e for e in whole if e["file_path"] == "iris_class").update(values)
        path.write_text(json.dumps(whole))

    return change


def name_of(root: Path, start: str) -> str:
    return next(p.name for p in (root / "databases/iris_class/source").glob(f"{start}.*"))


CHANGES = {
    "the truth": (append("verify", "ground_truth.csv"), {MM}),
    "the truth, removed": (
        lambda root: (root / "databases/iris_class/verify/ground_truth.csv").unlink(), {IF, MM}
    ),
    "the training file": (append("source", "train_v2.csv"), {MM}),
    "the description": (append("source", "metadata.txt"), {IF, MM}),
    "the file without noise": (
        lambda root: append("source", name_of(root, "train_v1_no_err"))(root), {IF}
    ),
    "a question": (entry(question_v2="Predict."), {MM}),
    "the files of a task": (entry(needed_files_v1=["metadata.txt"]), {IF}),
    "a setting": (settings(question__random_state=77), {IF, MM}),
    "the source": (settings(data_info__ref="someone/else"), {IF, MM}),
    "the licence": (settings(data_info__licenseName="CC0"), set()),
    "the title and domain": (settings(data_info__title="x", meta_data__title="y"), set()),
    "the domain": (entry(domain="other", lastUpdated="2030-01-01"), set()),
    "the form of the JSON": (settings(), set()),
    "a document": (lambda root: (root / "LICENSES.csv").write_text("x"), set()),
    "a reference of elsewhere": (append("verify", "simulated_pred_local.csv"), set()),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_the_hash_covers_what_decides_a_score(what, copy):
    change, tasks = CHANGES[what]
    assert changed(copy, change) == tasks


@pytest.mark.parametrize("task", FORECASTS)
def test_each_forecast_has_its_own_truth(task, copy):
    dataset, variant = task.split("/")
    name = {"xf": "ground_truth_v1.csv", "cf": "ground_truth_v2.csv"}[variant]
    path = next((copy / "databases").glob(f"*_ts/verify/{name}"))
    dataset = path.parents[1].name

    def edit(root: Path) -> None:
        path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))

    assert changed(copy, edit) == {f"{dataset}/{variant}"}


def test_the_same_content_has_the_same_hash_elsewhere(copy, tmp_path):
    moved = Path(shutil.copytree(copy, tmp_path / "moved", copy_function=shutil.copy))
    assert open_store(moved).hash == open_store(copy).hash
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", copy)
    assert open_store(packed).hash == open_store(copy).hash
    store = open_store(copy)
    assert pickle.loads(pickle.dumps(store)).hash == store.hash


@pytest.mark.parametrize("settled_ns", [0, file_hashes.SETTLED_NS])
def test_an_edit_of_the_same_size_and_times_is_seen(settled_ns, copy, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", settled_ns)
    path = copy / "databases" / "iris_class" / "verify" / "ground_truth.csv"
    content = path.read_bytes()
    times = path.stat()

    def edit(root: Path) -> None:
        path.write_bytes(content.replace(b"setosa", b"SETOSA", 1))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert changed(copy, edit) == {MM}
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert path.stat().st_size == len(content)


def test_many_edits_within_one_tick_are_all_seen(copy):
    """The clock that files' times are taken from moves every some milliseconds."""
    path = copy / "databases" / "iris_class" / "verify" / "ground_truth.csv"
    content = path.read_bytes()
    seen = set()
    for number in range(20):
        path.write_bytes(content.replace(b"setosa", b"s%05d" % number))
        seen.add(file_hashes.FileHashes(copy).of([path])[path])
    assert len(seen) == 20


def test_kept_hashes_save_the_reading(copy, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", 0)
    first = open_store(copy).hash
    read = []
    make = file_hashes.FileHashes._make
    monkeypatch.setattr(
        file_hashes.FileHashes, "_make", lambda self, path: read.append(path) or make(self, path)
    )
    assert open_store(copy).hash == first
    assert read == []
    append("source", "metadata.txt")(copy)
    assert open_store(copy).hash != first
    assert [path.name for path in read] == ["metadata.txt"]


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2, 3]}', "\x00"])
def test_kept_hashes_that_are_broken_are_made_anew(kept, copy, tmp_path, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", 0)
    first = open_store(copy).hash
    (file,) = (tmp_path / "cache" / "hashes").glob("*.json")
    file.write_text(kept)
    assert open_store(copy).hash == first
    assert json.loads(file.read_text())


def test_a_cache_that_cannot_be_written_costs_only_time(copy, tmp_path, monkeypatch):
    first = open_store(copy).hash
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "no folder"))
    assert open_store(copy).hash == first


def test_several_threads_find_the_same(copy, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", 0)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(open_store(copy).hash)) for _ in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_changes_are_named_by_dataset():
    before = {f"d{i}/{v}": "a" for i in range(6) for v in ("if", "mm")}
    assert describe_changes(before, before | {"more/mm": "b"}) is None
    assert describe_changes(before, before | {"d1/mm": "b"}) == "the content of d1 (mm) has changed"
    gone = {task: known for task, known in before.items() if task != "d2/if"}
    assert describe_changes(before, gone) == "d2 (if) is gone or broken"
    both = {task: "b" for task in before if not task.startswith("d5")}
    assert describe_changes(before, both) == (
        "the content of d0 (if, mm), d1 (if, mm), d2 (if, mm) and 2 more datasets has changed; "
        "d5 (if, mm) are gone or broken"
    )


BROKEN = {
    "removed": (None, "is missing"),
    "empty": (b"", "has no column"),
    "of another table": (b"row_id,kind\n1,a\n", "has no column 'species'"),
    "without keys": (b"species\nsetosa\n", "has no column 'row_id'"),
    "without rows": (b"row_id,species\n", "has no row"),
    "binary": (b"PAR1\0\0", "has no column"),
    "a web page": (b"<!doctype html><html></html>", "has no column"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_truth_that_cannot_be_one_is_a_problem_of_its_dataset(what, copy):
    content, words = BROKEN[what]
    path = copy / "databases" / "iris_class" / "verify" / "ground_truth.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    store = open_store(copy)
    assert [(p.dataset, words in p.message) for p in store.problems] == [("iris_class", True)]
    assert str(path) in store.problems[0].message
    assert len(store.tasks) == 10
