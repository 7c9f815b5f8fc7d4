"""Another reading of the same text needs another version, or stores would change unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from garden import FILTERS, GARDEN_META, RANGES, START, WORDINGS

from darebench.instructions import VERSION
from darebench.instructions.facts import Facts, file_facts
from darebench.instructions.reader import read_workflow
from darebench.store.read import open_store
from darebench.store.tables import read_table
from darebench.types import Variant

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("train_v1.csv", "val_v1.csv")
DTYPES = {"plot_kind": "str", "n_workers": "int64", "zone": "int64"}


def garden_facts(*, with_ranges: bool) -> Facts:
    """Return what is known of the garden's files: types, and maybe what fits the stated ranges."""
    columns = []
    for name, allowed in RANGES.items():
        column = {"name": name, "dtype": DTYPES.get(name, "float64")}
        if with_ranges:
            column |= {"stated": allowed} if name == "plot_kind" else {"ranges": [allowed]}
        columns.append(column)
    target = {"name": "yield_kg", "dtype": "float64"}
    tables = ([*columns, target], columns)
    files = {
        name: {"tables": {"": {"columns": table}}}
        for name, table in zip(NAMES, tables, strict=True)
    }
    return {"files": files, "metadata": GARDEN_META}


def read_fixed_list() -> dict[str, object]:
    """Read the questions that lie beside this test: the starter store's first, and the garden's."""
    cases = json.loads((GOLDEN / "questions.json").read_text())
    found = {
        case["name"]: read_workflow(case["question"], case["facts"], case["train"], case["val"])
        for case in cases
    }
    for with_ranges in (False, True):
        facts = garden_facts(with_ranges=with_ranges)
        for number, (steps, *_) in enumerate(WORDINGS):
            for spelling, text in FILTERS.items():
                question = f"{START}{text}\n\n{steps}"
                name = f"garden {number} {spelling}{' with ranges' if with_ranges else ''}"
                found[name] = read_workflow(question, facts, *NAMES)
    return {name: without_text(reading) for name, reading in found.items()}


def without_text(reading: Mapping[str, object] | None) -> object:
    """Leave out the question, which the reading repeats."""
    kept = reading and {key: value for key, value in reading.items() if key != "text"}
    return json.loads(json.dumps(kept))


def compare(name: str, readings: Mapping[str, object], *, update: bool) -> None:
    """Compare readings with the golden ones; write them if the version was raised."""
    path = GOLDEN / name
    recorded = json.loads(path.read_text()) if path.is_file() else {"version": 0, "readings": {}}
    if update and (recorded["version"] != VERSION or readings == recorded["readings"]):
        recorded = {"version": VERSION, "readings": readings}
        path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    changed = [
        case for case, reading in readings.items() if recorded["readings"].get(case) != reading
    ]
    assert not changed, (
        f"{changed[0]} is read otherwise than by version {recorded['version']}: raise VERSION in "
        "darebench/instructions/__init__.py and run this test with --update-golden"
    )
    assert recorded == {"version": VERSION, "readings": readings}, "run with --update-golden"


def test_other_readings_need_another_version(request):
    compare("readings.json", read_fixed_list(), update=request.config.getoption("--update-golden"))


def test_other_readings_of_the_public_tasks_need_another_version(real_store, request):
    """Their texts stay where they are; the golden file holds a hash of each reading."""
    readings = {}
    for task in open_store(real_store).tasks:
        if task.variant is Variant.IF:
            names = [n for n in task.files if n.startswith(("train", "val"))]
            frames = [read_table(task.source / name) for name in names]
            text = (task.source / "metadata.txt").read_text(encoding="utf-8", errors="replace")
            facts = file_facts(frames[0], frames[1], (names[0], names[1]), text)
            reading = without_text(read_workflow(task.question, facts, names[0], names[1]))
            digest = hashlib.sha256(json.dumps(reading, sort_keys=True).encode())
            readings[task.id] = digest.hexdigest()[:12]
    compare("public.json", readings, update=request.config.getoption("--update-golden"))


@pytest.mark.parametrize("update", [False, True])
def test_readings_that_changed_at_the_same_version_are_refused(tmp_path, monkeypatch, update):
    golden = {"version": VERSION, "readings": {"a": 1}}
    (tmp_path / "some.json").write_text(json.dumps(golden))
    monkeypatch.setitem(globals(), "GOLDEN", tmp_path)
    with pytest.raises(AssertionError, match="raise VERSION"):
        compare("some.json", {"a": 2}, update=update)
    assert json.loads((tmp_path / "some.json").read_text()) == golden


@pytest.mark.parametrize("spelling", FILTERS)
def test_ranges_that_the_words_place_are_theirs_whatever_the_values_fill(spelling):
    """Noise that breaks few rules leaves columns whose values fill another one's range."""
    misleading = garden_facts(with_ranges=False)
    numbers = [pair for name, pair in RANGES.items() if name != "plot_kind"]
    for table in misleading["files"].values():
        for column in table["tables"][""]["columns"]:
            if column["name"] != "plot_kind":
                column["ranges"] = numbers
    steps = WORDINGS[0][0]
    read = read_workflow(f"{START}{FILTERS[spelling]}\n\n{steps}", misleading, *NAMES)
    assert read is not None
    assert read["is_certain"] is (spelling != "range first")
    if read["is_certain"]:
        placed = {name: list(pair) for name, (pair,) in read["ranges"].items()}
        assert placed == {n: list(map(float, p)) for n, p in RANGES.items() if n != "plot_kind"}
