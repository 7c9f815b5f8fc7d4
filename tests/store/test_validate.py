"""Everything that is wrong with a hand-written store is named, at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from darebench.cli import app
from darebench.errors import StoreError
from darebench.store.read import open_store
from darebench.store.validate import validate_store

ENTRY = {
    "file_path": "weather_class",
    "task": "classification",
    "variants": ["mm"],
    "question_v2": "Predict `rain` for every row of val.csv from what is learned from train.csv.",
    "needed_files_v2": ["train.csv", "val.csv"],
}
FILES = {
    "source/train.csv": "row_id,wind,rain\n1,3.5,yes\n2,1.0,no\n3,4.5,yes\n",
    "source/val.csv": "row_id,wind\n1,4.0\n2,0.5\n",
    "verify/ground_truth.csv": "row_id,rain\n1,yes\n2,no\n",
    "verify/all_metadata.json": json.dumps({"question": {"target": ["rain"]}}),
}
Edit = Callable[[Path], object]


@pytest.fixture
def store(tmp_path) -> Path:
    """A store of one modelling task, as somebody would write it by hand."""
    root = tmp_path / "own"
    for name, text in FILES.items():
        path = root / "databases" / "weather_class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "question_list.json").write_text(json.dumps([ENTRY]))
    return root


def change(**fields: object) -> Edit:
    """Change fields of the only object of the question list; None removes one."""

    def edit(root: Path) -> None:
        entry = {k: v for k, v in {**ENTRY, **fields}.items() if v is not None}
        (root / "question_list.json").write_text(json.dumps([entry]))

    return edit


def write(name: str, text: str) -> Edit:
    """Write a file of the dataset anew."""
    return lambda root: (root / "databases" / "weather_class" / name).write_text(text)


def remove(name: str) -> Edit:
    return lambda root: (root / "databases" / "weather_class" / name).unlink()


DEFECTS: dict[str, tuple[Edit, tuple[str, str, str]]] = {
    "the list is not JSON": (
        lambda root: (root / "question_list.json").write_text("[{"),
        ("question_list.json", "", "JSON"),
    ),
    "the list is an object": (
        lambda root: (root / "question_list.json").write_text("{}"),
        ("question_list.json", "", "list is due"),
    ),
    "a required field is absent": (
        change(task=None),
        ("question_list.json", "task", "required"),
    ),
    "a field has another type": (
        change(needed_files_v2=3),
        ("question_list.json", "needed_files_v2", "list"),
    ),
    "an unknown kind": (change(task="ranking"), ("question_list.json", "task", "kind of task")),
    "an unknown variant": (
        change(variants=["mm", "cf"]),
        ("question_list.json", "variants", "no such variant"),
    ),
    "no variant": (change(variants=[]), ("question_list.json", "variants", "names no task")),
    "no folder": (change(file_path="wether_class"), ("question_list.json", "file_path", "missing")),
    "a folder elsewhere": (
        change(file_path="../.."),
        ("question_list.json", "file_path", "out of the store"),
    ),
    "a name that no folder can have": (
        change(file_path="x" * 300),
        ("question_list.json", "file_path", "too long"),
    ),
    "a blank question": (
        change(question_v2=" "),
        ("question_list.json", "question_v2", "missing or empty"),
    ),
    "no files": (
        change(needed_files_v2=[]),
        ("question_list.json", "needed_files_v2", "0 tables that start with 'train'"),
    ),
    "two training files": (
        change(needed_files_v2=["train.csv", "train.csv", "val.csv"]),
        ("question_list.json", "needed_files_v2", "2 tables that start with 'train'"),
    ),
    "an answer for the agent": (
        change(needed_files_v2=["train.csv", "val.csv", "../verify/ground_truth.csv"]),
        ("question_list.json", "needed_files_v2", "not one that an agent may see"),
    ),
    "an absent file": (
        remove("source/val.csv"),
        ("question_list.json", "needed_files_v2", "val.csv is missing"),
    ),
    "an empty file": (
        write("source/val.csv", ""),
        ("question_list.json", "needed_files_v2", "empty"),
    ),
    "no settings": (
        remove("verify/all_metadata.json"),
        ("databases/weather_class/verify/all_metadata.json", "", "missing"),
    ),
    "settings without a target": (
        write("verify/all_metadata.json", '{"question": {}}'),
        ("databases/weather_class/verify/all_metadata.json", "question.target", "required"),
    ),
    "a target twice": (
        write("verify/all_metadata.json", '{"question": {"target": ["rain", "rain"]}}'),
        ("databases/weather_class/verify/all_metadata.json", "question.target", "named twice"),
    ),
    "a target that is not in training": (
        write("verify/all_metadata.json", '{"question": {"target": ["snow"]}}'),
        ("databases/weather_class/source/train.csv", "snow", "column is missing"),
    ),
    "an answer beside the question": (
        write("source/val.csv", "row_id,wind,rain\n1,4.0,yes\n2,0.5,no\n"),
        ("databases/weather_class/source/val.csv", "rain", "is the answer"),
    ),
    "rows without a number": (
        write("source/val.csv", "wind\n4.0\n0.5\n"),
        ("databases/weather_class/source/val.csv", "row_id", "column is missing"),
    ),
    "no rows to predict": (
        write("source/val.csv", "row_id,wind\n"),
        ("databases/weather_class/source/val.csv", "", "it has no row"),
    ),
    "no answer": (
        remove("verify/ground_truth.csv"),
        ("databases/weather_class/verify/ground_truth.csv", "", "missing"),
    ),
    "an answer without numbers": (
        write("verify/ground_truth.csv", "rain\nyes\nno\n"),
        ("databases/weather_class/verify/ground_truth.csv", "row_id", "column is missing"),
    ),
    "an answer of another length": (
        write("verify/ground_truth.csv", "row_id,rain\n1,yes\n"),
        ("databases/weather_class/verify/ground_truth.csv", "", "it has 1 rows"),
    ),
    "an answer for a row twice": (
        write("verify/ground_truth.csv", "row_id,rain\n1,yes\n1,no\n"),
        ("databases/weather_class/verify/ground_truth.csv", "row_id", "earlier row"),
    ),
    "an answer for other rows": (
        write("verify/ground_truth.csv", "row_id,rain\n1,yes\n7,no\n"),
        ("databases/weather_class/verify/ground_truth.csv", "row_id", "keys are not those"),
    ),
    "an instruction task without a workflow": (
        change(variants=None, question_v1="Fit.", needed_files_v1=["train.csv", "val.csv"]),
        ("databases/weather_class/verify/all_metadata.json", "question.model_type", "reference"),
    ),
    "a folder that is not listed": (
        lambda root: (root / "databases" / "other_reg").mkdir(),
        ("databases/other_reg", "", "not in the question list"),
    ),
    "a dataset twice": (
        lambda root: (root / "question_list.json").write_text(json.dumps([ENTRY, ENTRY])),
        ("question_list.json", "file_path", "listed 2 times"),
    ),
}


def test_a_sound_store_has_no_problem(store):
    assert validate_store(store) == ()
    assert [task.id for task in open_store(store).tasks] == ["weather_class/mm"]


def test_the_starter_store_has_no_problem():
    assert validate_store(open_store().root) == ()


def test_the_public_tasks_have_no_problem(real_store):
    assert validate_store(real_store) == ()


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named_by_its_place_with_the_next_move(store, defect):
    edit, (file, field, words) = DEFECTS[defect]
    edit(store)
    found = [p for p in validate_store(store) if (p.file, p.field) == (file, field)]
    assert [p for p in found if words in p.message], validate_store(store)
    assert all(p.fix and "fetch" not in str(p) for p in found)
    assert str(store) not in "".join(map(str, found))


def test_all_defects_are_named_at_once(store):
    change(question_v2="", needed_files_v2=["train.csv", "val.csv", "notes.txt"])(store)
    write("source/val.csv", "wind,rain\n4.0,yes\n0.5,no\n")(store)
    write("verify/all_metadata.json", '{"question": {"target": ["rain", "rain"]}}')(store)
    (store / "databases" / "other_reg").mkdir()
    assert [(p.dataset, p.field, p.value) for p in validate_store(store)] == [
        ("weather_class", "question.target", "rain"),
        ("weather_class", "question_v2", ""),
        ("weather_class", "needed_files_v2", "notes.txt"),
        ("other_reg", "", ""),
    ]


@pytest.mark.parametrize("defect", DEFECTS)
def test_what_a_reader_refuses_is_never_sound(store, defect):
    DEFECTS[defect][0](store)
    try:
        refused = bool(open_store(store).problems)
    except StoreError:
        refused = True
    assert validate_store(store) if refused else True


def forecast(store: Path) -> Path:
    """Make a store of one forecast without features."""
    folder = store / "databases" / "sales_ts"
    shutil.copytree(store / "databases" / "weather_class", folder)
    shutil.rmtree(store / "databases" / "weather_class")
    texts = {
        "source/train.csv": "day,shop,sold\n2024-01-01,a,3\n2024-01-02,a,4\n",
        "source/val.csv": "day,shop\n2024-01-03,a\n2024-01-04,a\n",
        "verify/ground_truth_v2.csv": "day,shop,sold\n2024-01-03,a,4\n2024-01-04,a,5\n",
        "verify/all_metadata.json": '{"question": {"target": "sold", "time_column": "day"}}',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    entry = {**ENTRY, "file_path": "sales_ts", "task": "time_series_analysis", "variants": ["cf"]}
    (store / "question_list.json").write_text(json.dumps([entry]))
    return folder


def test_a_forecast_is_matched_by_time_and_series(store):
    folder = forecast(store)
    assert validate_store(store) == ()
    (folder / "verify" / "ground_truth_v2.csv").write_text("shop,sold\na,4\na,5\n")
    assert [(p.field, p.message) for p in validate_store(store)] == [
        ("day", "a key column is missing")
    ]
    (folder / "verify" / "ground_truth_v2.csv").write_text(
        "day,shop,sold\n2024-01-03,a,4\n2024-01-05,a,5\n"
    )
    assert [(p.field, p.value) for p in validate_store(store)] == [("day, shop", "2024-01-05, a")]


def test_no_store_is_not_a_format_problem(tmp_path):
    with pytest.raises(StoreError, match=r"question_list\.json"):
        validate_store(tmp_path)


def test_the_command_prints_every_problem_and_its_exit_code_says_so(store):
    sound = CliRunner().invoke(app, ["tasks", "check", str(store), "--json"])
    assert (sound.exit_code, json.loads(sound.stdout)["problems"]) == (0, [])
    change(question_v2="")(store)
    remove("verify/ground_truth.csv")(store)
    found = CliRunner().invoke(app, ["tasks", "check", str(store), "--json"])
    shown = json.loads(found.stdout)
    assert (found.exit_code, shown["schema"], len(shown["problems"])) == (1, 1, 2)
    assert {*shown["problems"][0]} == {"dataset", "file", "field", "value", "message", "fix"}
    text = CliRunner().invoke(app, ["tasks", "check", str(store)])
    assert text.exit_code == 1
    assert "weather_class: question_list.json: question_v2: it is missing or empty" in text.stdout
