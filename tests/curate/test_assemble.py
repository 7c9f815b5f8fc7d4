"""Tables of equal names, columns or rows are told apart."""

from __future__ import annotations

from hostile_files import sound

from darebench.audit.near_duplicates import find_shared_rows
from darebench.curate.assemble import same_names
from darebench.curate.naming import unique_slugs
from darebench.curate.pipeline import curate
from darebench.curate.records import DatasetEntry, TableRecord
from darebench.store.read import open_store
from darebench.types import Family


def record(table: str, folder: str) -> TableRecord:
    entry = DatasetEntry(
        folder=folder, family=Family.REG, question_v1="", question_v2="", needed_v1=(), needed_v2=(),
        tools=(), usability=1.0, updated="", domain="", source_ref="", headroom={}, flags=(),
    )  # fmt: skip
    return TableRecord(table=table, updated="", fingerprint=(), entries=(entry,), refusals=())


def test_tables_of_alike_names_keep_folders_of_their_own():
    assert unique_slugs(["Iris", "iris", "iris-2"]) == ["iris", "iris-2", "iris-2-2"]
    folders = {"car": "a_car-price-usd_reg", "car-price": "a_car-price-usd_reg", "bus": "a_bus_reg"}
    records = {name: record(name, folder) for name, folder in folders.items()}
    assert list(same_names(records)) == ["car-price"]


def test_a_table_of_some_of_anothers_rows_is_left_out(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    whole = sound("whole")
    whole.to_csv(folder / "a whole.csv", index=False)
    # Other names, the last one that of an outcome: a table without a target has no twin.
    part = whole.sample(frac=0.7, random_state=0).set_axis(["u", "v", "response"], axis=1)
    part.to_csv(folder / "part.csv", index=False)
    sound("other").to_csv(folder / "other.csv", index=False)
    made = curate(str(folder), tmp_path / "made")
    (refusal,) = [r for r in made.refused if r.stage == "twin"]
    assert (refusal.table, made.n_tables) == ("part-csv", 3)
    assert "of the rows, over 3 columns, are those of tables_a-whole-csv" in refusal.reason
    tasks = open_store(str(made.store)).tasks
    assert not [t.dataset for t in tasks if t.dataset.startswith("tables_part")]
    assert find_shared_rows(made.store, tasks) == {}
