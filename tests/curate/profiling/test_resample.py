"""Rows at any time become rows at regular ones."""

from __future__ import annotations

import pandas as pd

from darebench.curate.profiling.resample import Resampling, resample


def test_rows_of_an_interval_become_one():
    rows = pd.DataFrame(
        {
            "day": ["2024-01-01", "2024-01-03", "2024-01-08", "2024-01-02"],
            "shop": ["a", "a", "a", "b"],
            "visitors": [1, 2, 4, 8],
            "mood": ["good", "bad", "bad", "good"],
        }
    )
    joined = resample(rows, "day", Resampling("week", ("shop",)), ["visitors", "mood"], "sum")
    assert joined.to_dict("list") == {
        "day": ["2024-01-01", "2024-01-01", "2024-01-08"],
        "shop": ["a", "b", "a"],
        "visitors": [3.0, 8.0, 4.0],
        "mood": ["bad", "good", "bad"],
    }
