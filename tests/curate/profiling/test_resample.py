"""Rows at any time become rows at regular ones."""

from __future__ import annotations

import pandas as pd
import pytest

from darebench.curate.profiling.resample import Resampling, resample


def test_rows_of_an_interval_become_one():
    rows = pd.DataFrame(
        {
            "day": ["2024-01-01", "2024-01-03", "2024-01-08", "2024-01-02", "2024-01-14"],
            "shop": ["a", "a", "a", "b", "a"],
            "visitors": [1, 2, 4, 8, 16],
            "mood": ["good", "bad", "bad", "good", "bad"],
        }
    )
    joined = resample(rows, "day", Resampling("week", ("shop",)), ["visitors", "mood"], "sum")
    assert joined.to_dict("list") == {
        "day": ["2024-01-01", "2024-01-01", "2024-01-08"],
        "shop": ["a", "b", "a"],
        "visitors": [3.0, 8.0, 20.0],
        "mood": ["bad", "good", "bad"],
    }


@pytest.mark.parametrize(("start", "n_days", "first", "n_weeks"), [
    ("2024-01-01", 28, "2024-01-01", 4),
    ("2024-01-01", 30, "2024-01-01", 4),
    ("2024-01-03", 26, "2024-01-08", 3),
    ("2024-01-06", 24, "2024-01-08", 3),
])  # fmt: skip
def test_sums_are_of_whole_periods_only(start, n_days, first, n_weeks):
    days = pd.date_range(start, periods=n_days).strftime("%Y-%m-%d")
    rows = pd.DataFrame({"day": days, "sold": 1.0})
    how = Resampling("week", ())
    summed = resample(rows, "day", how, ["sold"], "sum")
    assert summed["sold"].tolist() == [7.0] * n_weeks
    assert summed["day"].iloc[0] == first
    averaged = resample(rows, "day", how, ["sold"], "mean")
    assert set(averaged["sold"]) == {1.0}
    assert len(averaged) >= n_weeks
