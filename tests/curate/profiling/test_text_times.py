"""Times are read in any spelling, day and month by steps; what only looks like time is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.profiling.clean import tidy
from darebench.curate.profiling.evidence import Became

DAYS = pd.date_range("2019-11-03", periods=180)
MONTHS = pd.date_range("1990-01-01", periods=180, freq="MS")
HOURS = pd.date_range("2020-02-27 03:00", periods=180, freq="h")
QUARTERS = pd.date_range("1980-01-01", periods=120, freq="QS")
WEEKS = pd.date_range("2018-12-31", periods=180, freq="W-MON")


def read(cells, name: str = "when", **others):
    n = len(cells)
    value = np.sin(np.arange(n)).round(3)
    made = tidy(pd.DataFrame({name: list(cells), "value": value, **others}))
    return made, next(column for column in made.columns if column.name == name)


def by(times: pd.DatetimeIndex, spelling: str) -> tuple[list[str], pd.DatetimeIndex]:
    return list(times.strftime(spelling)), times


def words(times: pd.DatetimeIndex, names: str, spelling: str) -> tuple[list[str], pd.DatetimeIndex]:
    months = names.split()
    return [spelling.format(m=months[t.month - 1], t=t) for t in times], times


GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
FRENCH = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
POLISH = "sty lut mar kwi maj cze lip sie wrz paź lis gru"

SPELLED = {
    **{f"days as {s}": by(DAYS, s) for s in (
        "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y",
        "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%d. %B %Y",
        "%a, %d %b %Y", "%A, %B %d, %Y", "%a %d/%m/%Y", "%d%b%Y", "%Y %B %d", "%Y%m%d",
    )},
    **{f"months as {s}": by(MONTHS, s) for s in (
        "%d/%m/%Y", "%m/%d/%Y", "%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B-%Y", "%b-%y", "%Y %b", "%YM%m",
        "%B, %Y",
    )},
    **{f"hours as {s}": by(HOURS, s) for s in (
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M:%S",
        "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M", "%b %d %Y %I:%M%p",
        "%a %b %d %Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.000", "%Y-%m-%d %H:%M:%S+00:00", "%d/%m/%Y, %H:%M",
        "%m/%d/%y %H:%M",
    )},
    "no zeros": ([f"{t.year}-{t.month}-{t.day}" for t in DAYS], DAYS),
    "no zeros, day first": ([f"{t.day}/{t.month}/{t.year}" for t in DAYS], DAYS),
    "quarters": ([f"{t.year}Q{t.quarter}" for t in QUARTERS], QUARTERS),
    "quarters first": ([f"Q{t.quarter} {t.year}" for t in QUARTERS], QUARTERS),
    "quarters with a hyphen": ([f"{t.year}-Q{t.quarter}" for t in QUARTERS], QUARTERS),
    "quarters with a blank": ([f"{t.year} Q{t.quarter}" for t in QUARTERS], QUARTERS),
    "ISO weeks": ([f"{t.isocalendar()[0]}-W{t.isocalendar()[1]:02d}" for t in WEEKS], WEEKS),
    "ISO weeks without a hyphen": ([f"{t.isocalendar()[0]}W{t.isocalendar()[1]:02d}" for t in WEEKS], WEEKS),
    "ISO weekdays": ([f"{t.isocalendar()[0]}-W{t.isocalendar()[1]:02d}-{t.isocalendar()[2]}" for t in DAYS], DAYS),
    "German": words(DAYS, GERMAN, "{t.day}. {m} {t.year}"),
    "French": words(DAYS, FRENCH, "{t.day} {m} {t.year}"),
    "Spanish": words(DAYS, SPANISH, "{t.day} de {m} de {t.year}"),
    "Russian": words(DAYS, RUSSIAN, "{t.day} {m} {t.year}"),
    "Polish": words(DAYS, POLISH, "{t.day} {m} {t.year}"),
    "German months": words(MONTHS, GERMAN, "{m} {t.year}"),
    "ordinals": ([f"{t:%B} {t.day}{'st' if t.day == 1 else 'th'}, {t.year}" for t in DAYS], DAYS),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLED)
def test_times_are_read_in_any_spelling(spelling):
    cells, times = SPELLED[spelling]
    made, column = read(cells)
    assert column.became is Became.TIMES, column
    assert pd.to_datetime(made.frame["when"]).tolist() == list(times)


NUMBERS = {
    "seconds": (HOURS.astype("int64") // 10**6, HOURS, "timestamp"),
    "seconds by their steps": (HOURS.astype("int64") // 10**6, HOURS, "x1"),
    "milliseconds": (HOURS.astype("int64") // 10**3, HOURS, "created_at"),
    "microseconds": (HOURS.astype("int64"), HOURS, "ts"),
    "nanoseconds": (HOURS.astype("int64") * 1000, HOURS, "time"),
    "days of a spreadsheet": ((DAYS - pd.Timestamp("1899-12-30")).days, DAYS, "date"),
    "packed days": (DAYS.strftime("%Y%m%d").astype(int), DAYS, "date"),
    "packed months": (MONTHS.strftime("%Y%m").astype(int), MONTHS, "month"),
    "packed hours": (HOURS.strftime("%Y%m%d%H").astype("int64"), HOURS, "date"),
}


@pytest.mark.parametrize("kind", ["numbers", "text"])
@pytest.mark.parametrize("how", NUMBERS)
def test_numbers_that_are_times_are_times(how, kind):
    numbers, times, name = NUMBERS[how]
    cells = list(numbers) if kind == "numbers" else list(map(str, numbers))
    made, column = read(cells, name)
    assert column.became is Became.TIMES
    assert pd.to_datetime(made.frame[name]).tolist() == list(times)


def test_steps_tell_day_from_month_and_custom_only_where_nothing_else_does():
    first_days = pd.date_range("2000-01-01", periods=12, freq="MS")
    _, column = read([*first_days.strftime("%d/%m/%Y")] * 5, value2=range(60))
    assert "custom" in column.why
    sure = list(DAYS[:60].strftime("%d/%m/%Y"))
    made, _ = read([*first_days.strftime("%d/%m/%Y")] * 5, other=sure)
    assert made.frame["when"].tolist()[:12] == list(first_days.strftime("%Y-%m-%d"))


@pytest.mark.parametrize("far", ["9999-12-31", "0001-01-01", "2999-01-01"])
def test_years_that_stand_for_none_are_missing(far):
    cells = list(DAYS.strftime("%Y-%m-%d"))
    cells[5] = far
    made, column = read(cells)
    assert (column.became, column.blanked) == (Became.TIMES, 1)
    assert pd.isna(made.frame["when"].iloc[5])


@pytest.mark.parametrize("bad", ["unknown", "not known yet", "-", "2020-13-45"])
def test_one_cell_that_is_no_time_is_missing(bad):
    cells = list(DAYS.strftime("%d.%m.%Y"))
    cells[5] = bad
    _, column = read(cells)
    assert (column.became, column.blanked) == (Became.TIMES, 1)


PARTS = {
    "year and month": {"YEAR": MONTHS.year, "MO": MONTHS.month},
    "year, month, day": {"YEAR": DAYS.year, "MO": DAYS.month, "DY": DAYS.day},
    "with hours": {"YEAR": HOURS.year, "MO": HOURS.month, "DY": HOURS.day, "HR": HOURS.hour},
    "a month's name": {"Year": MONTHS.year, "Month": MONTHS.strftime("%B")},
    "a German month": {"Jahr": MONTHS.year, "Monat": [GERMAN.split()[t.month - 1] for t in MONTHS]},
    "year and quarter": {"year": QUARTERS.year, "qtr": QUARTERS.quarter},
}
WHOLE = {"year and month": MONTHS, "year, month, day": DAYS, "with hours": HOURS,
         "a month's name": MONTHS, "a German month": MONTHS, "year and quarter": QUARTERS}  # fmt: skip


@pytest.mark.parametrize("how", PARTS)
def test_parts_in_columns_are_one_time(how):
    frame = pd.DataFrame(PARTS[how])
    made = tidy(frame.assign(value=np.sin(np.arange(len(frame))).round(3)))
    assert pd.to_datetime(made.frame["date"]).tolist() == list(WHOLE[how])


def test_a_day_and_a_time_of_day_are_one_time():
    frame = pd.DataFrame({"Date": HOURS.strftime("%d/%m/%Y"), "Time": HOURS.strftime("%H.%M.%S")})
    made = tidy(frame.assign(value=np.sin(np.arange(180)).round(3)))
    assert pd.to_datetime(made.frame["Date"]).tolist() == list(HOURS)


NO_TIMES = {
    "versions": [f"{v % 3}.{v % 10}.{v % 7}" for v in range(180)],
    "scores": [f"{v % 5}-{v % 4}-{v % 3}" for v in range(180)],
    "social security": [f"{v:03d}-45-{v + 1000}" for v in range(180)],
    "telephone numbers": [f"555-{v:03d}-{v + 1000}" for v in range(180)],
    "fractions": [f"{v % 12 + 1}/{v % 28 + 1}" for v in range(180)],
    "ranges": [f"{v % 9 + 1}-{v % 9 + 4}" for v in range(180)],
    "names with a month": [f"May {['Smith', 'Jones'][v % 2]}" for v in range(180)],
    "sections": [f"{v % 12 + 1}.{v % 9 + 1}" for v in range(180)],
    "days of a month": [f"{['Oct', 'Nov', 'Dec'][v % 3]}{v % 28 + 1:02d}" for v in range(180)],
    "a year and its part": [f"{1988 + v % 9}:{v % 4 + 1}" for v in range(180)],
    "chess": [f"{'abc'[v % 3]}{v % 8 + 1}" for v in range(180)],
}


@pytest.mark.parametrize("what", NO_TIMES)
def test_what_only_looks_like_time_is_not(what):
    _, column = read(NO_TIMES[what], "it")
    assert column.became is not Became.TIMES


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("phone", RNG := np.random.default_rng(1).integers(10**9, 2 * 10**9, 180)),
        ("amount", RNG),
        ("price", np.random.default_rng(2).integers(30_000, 60_000, 180)),
        ("id", np.arange(180) + 10**9),
    ],
)
def test_numbers_in_the_range_of_times_are_numbers(name, numbers):
    _, column = read(numbers, name)
    assert column.became is not Became.TIMES


def test_what_looks_like_time_and_is_not_read_is_named():
    cells = [f"{v % 28 + 1}/{v % 20 + 13}/{v % 9}" for v in range(180)]
    made, column = read(cells, "date")
    assert column.not_understood == cells[0]
    assert any("date looks like time and is not understood" in note for note in made.notes)
