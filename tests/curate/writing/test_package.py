"""What is written of a draft."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.audit.near_duplicates import find_shared_rows
from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.verify import verify
from darebench.curate.writing.package import package_series
from darebench.store.read import open_store
from darebench.store.write import write_store


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def yearly() -> pd.DataFrame:
    year = np.arange(1821, 1935)
    caught = 1500 + 300 * np.sin(2 * np.pi * (year - 1821) / 9.6)
    noise = np.random.default_rng(3).normal(0, 60, len(year))
    return pd.DataFrame({"year": year, "trend": (caught + 40 * (year - 1821) + noise).round(1)})


def test_years_without_any_other_column_are_a_cf_task_alone(tmp_path):
    made = table(yearly())
    (design,) = RulesDesigner().design(made)
    draft = draft_series(made, design, np.random.default_rng(0))
    assert (draft.design.features, len(draft.headroom)) == ((), 1)
    written = package_series(draft, "own_years_ts", np.random.default_rng(0))
    write_store([written], tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert ([str(task.variant) for task in store.tasks], store.problems) == (["cf"], ())
    assert not (tmp_path / "s/databases/own_years_ts/source/val_v1.csv").exists()
    assert all("cf: validation_size" in flag for flag in verify(tmp_path / "s").flags)
    again = replace(written, name="other_years_ts", info={**written.info, "ref": "other/years"})
    write_store([written, again], tmp_path / "both")
    assert {*find_shared_rows(tmp_path / "both", open_store(tmp_path / "both").tasks)} == {
        "other_years_ts/cf"
    }
