"""One table through all stages: what is refused, and where."""

from __future__ import annotations

import errno

import numpy as np
import pandas as pd
import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.curate.told import Told
from darebench.errors import ConfigError
from darebench.store.read import open_store


def test_a_full_disk_is_no_refusal(tables, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("darebench.curate.stages.write_store", full)
    with pytest.raises(ConfigError, match="No space left on device; when that is mended"):
        curate(str(tables), tmp_path / "out", options=Options(max_targets=1))
    monkeypatch.undo()
    assert curate(str(tables), tmp_path / "out", options=Options(max_targets=1)).refused == ()


def test_licences_can_be_chosen(tables, tmp_path):
    made = curate(str(tables), tmp_path / "out", options=Options(max_targets=1, licences=("cc*",)))
    assert {r.table for r in made.refused} == {"diabetes-csv", "cancer-parquet"}
    assert all("is not accepted" in r.reason for r in made.refused)


def test_only_targets_that_the_page_names_together_are_joined(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4)).round(3)
    noise = rng.normal(0, 0.7, size=(4, 500))
    frame = pd.DataFrame(x, columns=["heat", "flow", "load", "wear"])
    frame["colour class"] = np.where(x[:, 0] + x[:, 3] + noise[0] > 0, "red", "blue")
    frame["grade class"] = (x[:, 1] + noise[1] > 0).astype(int)
    frame["shape class"] = np.where(x[:, 2] - x[:, 1] + noise[2] > 0, "round", "flat")
    frame["class"] = (x[:, 3] + noise[3] > 0).astype(int)
    (tmp_path / "tables").mkdir()
    frame.to_csv(tmp_path / "tables" / "parts.csv", index=False)
    told = Told(target=("colour class", "shape class", "grade class", "class"))
    page = "Parts\n\nThe outcomes are colour class and shape class. Measured by hand.\n"
    (tmp_path / "tables" / "parts.metadata.txt").write_text(page)
    made = curate(
        str(tmp_path / "tables"), tmp_path / "out", options=Options(max_targets=4, told=told)
    )
    several = {frozenset(t.targets) for t in open_store(made.store).tasks if len(t.targets) > 1}
    assert several == {frozenset({"colour class", "shape class"})}


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
        "broken-xlsx": "cannot be read",
        "mixed-csv": "mixes UTF-8",
        "binary-csv": "unknown encoding",
        "ragged-csv": "header has 2 names, and most rows have 4 cells",
        "broken-jsonl": "line 2 is not JSON",
        "list-json": "and not a table",
        "empty-folder": "no table",
        "one-column-csv": "1 usable columns are left",
        "all-missing-csv": "none of the 3 columns is usable",
        "short-csv": "20 rows",
    }
    for table, part in expected.items():
        assert part in reasons[table], reasons[table]
    kept = {t.cluster.split("/")[1] for t in store.tasks}
    assert {"huge-numbers-csv", "quotes-csv", "latin-csv"} <= kept
    for nameless in ("twins-csv", "wide-csv"):  # columns `v`, `v_2`; `0`, `1`, ...
        assert "target" in reasons[nameless], reasons[nameless]
    assert any("-" in k and "csv" in k for k in kept)
