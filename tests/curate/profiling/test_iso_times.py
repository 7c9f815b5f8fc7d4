"""Times become ISO text, however they are written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Kind, RawTable, Table


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


SPELLINGS = ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m", "%YM%m", "%d-%m-%Y", "%b %Y", "%Y%m%d", "%B %d, %Y")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_times_become_iso_text_however_they_are_written(spelling):
    months = pd.date_range("2000-01-31", periods=300, freq="ME")
    if "%d" not in spelling:
        months = months.to_period("M").start_time
    frame = pd.DataFrame({"date": months.strftime(spelling), "a": np.sin(range(300))})
    made = table(frame.assign(b=np.arange(300) ** 1.5))
    (column,) = [c for c in made.profile.columns if c.kind is Kind.TIME]
    assert column.time_format == "%Y-%m-%d"
    assert made.frame["date"].tolist() == months.strftime("%Y-%m-%d").tolist()
    assert made.profile.time is not None


def test_moments_with_an_offset_are_told_in_utc():
    times = [f"2020-01-{d:02d}T{h:02d}:30:00+02:00" for d in range(1, 29) for h in range(2, 12)]
    made = table(pd.DataFrame({"at": times, "a": np.sin(range(280)), "b": np.cos(range(280))}))
    assert made.frame["at"].iloc[0] == "2020-01-01 00:30:00"
    assert made.profile.time is not None


CALENDARS = {
    "a year and a month": {"year": np.repeat(range(2000, 2010), 12), "month": [*range(1, 13)] * 10},
    "a year and a month's name": {
        "Year": np.repeat(range(2000, 2010), 12),
        "Month": [f"{m:%b}" for m in pd.date_range("2001-01-01", periods=12, freq="MS")] * 10,
    },
    "a decimal year": {"time": [2000 + i / 12 for i in range(120)]},
}


@pytest.mark.parametrize("how", CALENDARS)
def test_times_in_parts_or_fractions_become_dates(how):
    made = table(pd.DataFrame({**CALENDARS[how], "value": np.sin(range(120)).round(3)}))
    axis = made.profile.time
    assert axis is not None
    months = pd.date_range("2000-01-01", periods=120, freq="MS").strftime("%Y-%m-%d")
    assert made.frame[axis.column].tolist() == months.tolist()
