"""The starter store is proven as any store that curation makes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from darebench.curate.starter import build_datasets, ensure
from darebench.curate.verify import verify
from darebench.errors import StoreError
from darebench.evals.run import EvalConfig, evaluate
from darebench.store import sources
from darebench.store.read import open_store
from darebench.store.write import write_store
from darebench.types import Track, Variant

NAMES = [
    "iris_class",
    "affairs_class",
    "diabetes_reg",
    "schools_reg",
    "us-economy_ts",
    "investment_ts",
]


@pytest.fixture(scope="module")
def datasets():
    return {dataset.name: dataset for dataset in build_datasets()}


def test_it_has_a_dozen_tasks_of_all_tracks_in_every_format(datasets):
    assert list(datasets) == NAMES
    store = open_store()
    assert (len(store.tasks), store.problems) == (12, ())
    assert {task.track for task in store.tasks} == set(Track)
    train = {task.files[0] for task in store.tasks if task.variant is Variant.IF}
    assert train == {"train_v1.csv", "train_v1.sqlite", "train_v1.parquet"}
    assert store.task("schools_reg/mm").targets == ("above_median", "college_courses")


@pytest.mark.parametrize("name", NAMES)
def test_curations_own_verification_passes_it(datasets, name, tmp_path):
    write_store([datasets[name]], tmp_path / "store")
    noted = {flag.split(": ")[1] for flag in verify(tmp_path / "store").flags}
    assert noted <= {"validation_size"}


def test_there_is_something_to_win_and_it_is_not_solved(datasets):
    for dataset in datasets.values():
        for room in dataset.settings["headroom"].values():
            assert room["reference"] - room["floor"] >= 0.03
            assert room["reference"] < 0.99
            assert room["naive"]
            assert room["band"] in ("easy", "moderate", "hard")


@pytest.mark.slow
def test_its_workflows_are_literal_and_repeatable(tmp_path):
    command = [sys.executable, "-m", "darebench", "reference", "--check", "--json"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["tasks"]
    assert {row["id"] for row in rows} == {f"{name}/if" for name in NAMES[:4]}
    assert all(row["literal_equal"] and row["repeatable"] for row in rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
def test_the_baseline_solves_the_workflows_and_much_of_the_rest(datasets, tmp_path):
    scores = {t.task: t.score for t in evaluate(EvalConfig(), out=tmp_path / "run").trajectories}
    assert {scores[f"{name}/if"] for name in NAMES[:4]} == {1.0}
    for name, dataset in datasets.items():
        for version, room in dataset.settings["headroom"].items():
            variant = {"v1": "xf", "v2": "cf" if name.endswith("_ts") else "mm"}[version]
            score = scores[f"{name}/{variant}"]
            assert score is not None
            assert score > room["floor"] + 0.25 * (room["reference"] - room["floor"]), name


def test_it_is_made_once_and_found_again(tmp_path):
    folder = ensure(tmp_path)
    before = (folder / "question_list.json").stat().st_mtime_ns
    assert ensure(tmp_path) == folder
    assert (folder / "question_list.json").stat().st_mtime_ns == before
    assert folder.parent == tmp_path


def test_it_is_found_by_its_name():
    assert open_store("starter").root == open_store().root


def test_a_store_that_is_not_registered_says_so(monkeypatch):
    monkeypatch.setattr(sources, "entry_points", lambda group: ())
    with pytest.raises(StoreError, match="'starter' is not registered; install darebench again"):
        open_store()
