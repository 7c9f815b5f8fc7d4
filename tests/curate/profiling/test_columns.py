"""A column is what nearly all of its cells say, decided for the whole column and the whole table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.profiling.clean import tidy
from darebench.curate.profiling.evidence import Became
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Kind

N = 200
RNG = np.random.default_rng(5)
WHOLE = RNG.integers(1_000, 900_000, N)
PARTS = RNG.uniform(1, 900, N).round(2)
KEY = pd.Series(np.arange(N) * 1.5 + 0.25)


def read(cells, name: str = "it", descriptions=None, **others):
    made = tidy(pd.DataFrame({"key": KEY, name: cells, **others}), descriptions)
    return made, next(column for column in made.columns if column.name == name)


def continental(value: float) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


NUMBERS = {
    "dollars before": ([f"${v:,}" for v in WHOLE], WHOLE, "$"),
    "euros after": ([f"{v:,} €" for v in WHOLE], WHOLE, "€"),
    "a code after": ([f"{v:,} EUR" for v in WHOLE], WHOLE, "EUR"),
    "a code before": ([f"USD {v}" for v in WHOLE], WHOLE, "USD"),
    "continental": ([continental(v) for v in PARTS * 10], (PARTS * 10).round(2), ""),
    "continental with euros": ([f"{continental(v)} €" for v in PARTS], PARTS, "€"),
    "blanks between thousands": ([f"{v:,}".replace(",", " ") for v in WHOLE], WHOLE, ""),
    "no-break spaces": ([f"{v:,}".replace(",", "\u00a0") for v in WHOLE], WHOLE, ""),
    "thin spaces and commas": ([f"{v:,.2f}".replace(",", "\u202f").replace(".", ",") for v in PARTS * 99], (PARTS * 99).round(2), ""),
    "apostrophes": ([f"{v:,}".replace(",", "’") for v in WHOLE], WHOLE, ""),
    "Indian groups": (["1,23,456", "12,34,567", "7,65,432", "98,765"] * 50, [123456, 1234567, 765432, 98765] * 50, ""),
    "parentheses": ([f"({v:,})" if i % 3 else f"{v:,}" for i, v in enumerate(WHOLE)], [-v if i % 3 else v for i, v in enumerate(WHOLE)], ""),
    "minus after the sign": ([f"$-{v:,}" if i % 3 else f"${v:,}" for i, v in enumerate(WHOLE)], [-v if i % 3 else v for i, v in enumerate(WHOLE)], "$"),
    "minus before the sign": ([f"-${v:,}" for v in WHOLE], -WHOLE, "$"),
    "Unicode minus": ([f"−{v}" if i % 2 else f"{v}" for i, v in enumerate(PARTS)], [-v if i % 2 else v for i, v in enumerate(PARTS)], ""),
    "trailing minus": ([f"{v}-" if i % 2 else f"{v}" for i, v in enumerate(PARTS)], [-v if i % 2 else v for i, v in enumerate(PARTS)], ""),
    "per cent": ([f"{v}%" for v in PARTS], PARTS, "%"),
    "per cent after a blank and a comma": ([f"{v} %".replace(".", ",") for v in PARTS], PARTS, "%"),
    "thousands": ([f"{v}K" for v in PARTS], (PARTS * 1000).round(0), ""),
    "thousands and millions": ([f"{v}M" if i % 2 else f"{v}k" for i, v in enumerate(PARTS)], [v * (1e6 if i % 2 else 1e3) for i, v in enumerate(PARTS)], ""),
    "dollars in millions": ([f"${v}M" for v in PARTS], PARTS * 1e6, "$"),
    "tsd": ([f"{v} tsd" for v in WHOLE], WHOLE * 1000, ""),
    "Mio. €": ([f"{v} Mio. €".replace(".", ",", 1) for v in PARTS], PARTS * 1e6, "€"),
    "at least": ([f"{v:,}+" for v in WHOLE], WHOLE, ""),
    "at most": ([f"<{v}" if i % 9 == 0 else str(v) for i, v in enumerate(PARTS)], PARTS, ""),
    "a unit": ([f"{v} kmpl" for v in PARTS], PARTS, "kmpl"),
    "a unit and few others": ([f"{v} km/kg" if i == 7 else f"{v} kmpl" for i, v in enumerate(PARTS)], np.where(np.arange(N) == 7, np.nan, PARTS), "kmpl"),
    "one and several": ([f"{v} year" if v == 1 else f"{v} years" for v in range(1, N + 1)], range(1, N + 1), "years"),
    "square metres": ([f"{v} m²" for v in PARTS], PARTS, "m²"),
    "degrees": ([f"{v} °C" for v in PARTS], PARTS, "°C"),
    "metres": ([f"{v}m" for v in PARTS], PARTS, "m"),
    "exponents": ([f"{v:.3e}" for v in PARTS], [float(f"{v:.3e}") for v in PARTS], ""),
    "plain": ([str(v) for v in PARTS], PARTS, ""),
    "padded hours": ([f"{v % 24:02d}" for v in range(N)], [v % 24 for v in range(N)], ""),
}  # fmt: skip


@pytest.mark.parametrize("spelling", NUMBERS)
def test_numbers_are_read_in_any_spelling(spelling):
    cells, expected, unit = NUMBERS[spelling]
    made, column = read(cells)
    np.testing.assert_allclose(
        made.frame["it"].to_numpy(float), np.asarray(expected, float), rtol=1e-9
    )
    assert column.became is Became.NUMBERS
    assert column.unit.rstrip("s") == unit.rstrip("s")


BAD = ["unknown", "#N/A", "..", "***", "-", "see note", "?", "n.a.", "closed"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("how", ["plain", "dollars before", "per cent"])
def test_one_bad_cell_is_missing_and_counted(bad, how):
    cells = list(NUMBERS[how][0])
    cells[17] = bad
    made, column = read(cells)
    assert np.flatnonzero(made.frame["it"].isna()).tolist() == [17]
    assert (column.blanked, column.examples) == (1, (bad,))
    assert made.notes == (f"it: 1 cells are missing that are {bad!r}",)


def test_a_word_that_recurs_in_a_column_of_numbers_is_missing():
    cells = ["Varies with device" if i % 8 == 0 else f"{v}M" for i, v in enumerate(PARTS)]
    made, column = read(cells)
    assert made.frame["it"].isna().sum() == column.blanked == N // 8


CODES = {
    "postcodes": ([f"{v:05d}" for v in RNG.integers(100, 99_999, N)], "it"),
    "postcodes by name": ([str(v) for v in RNG.integers(10_000, 99_999, N)], "postcode"),
    "zip codes by name": ([str(v) for v in RNG.integers(10_000, 99_999, N)], "zip"),
    "telephone numbers": ([f"+4917{v:08d}" for v in RNG.integers(0, 10**8, N)], "it"),
    "telephone numbers by name": ([f"555 {v:07d}" for v in RNG.integers(0, 10**7, N)], "phone"),
    "padded ids": ([f"00{v}" for v in RNG.integers(1000, 9999, N)], "it"),
    "versions by name": ([f"{v % 9}.{v % 13}" for v in range(N)], "version"),
}


@pytest.mark.parametrize("what", CODES)
def test_codes_are_no_numbers(what):
    cells, name = CODES[what]
    made, column = read(cells, name)
    assert column.became is Became.CODES
    assert made.frame[name].tolist() == cells
    kinds = {c.name: c.kind for c in profile(made.frame, made.columns).columns}
    assert kinds[name] is Kind.KEY


TEXT = {
    "versions": [f"1.{v % 9}.{v % 5}" for v in range(N)],
    "addresses of machines": [f"192.168.{v % 9}.{v}" for v in range(N)],
    "house numbers": [f"{v % 60}{'abc'[v % 3]}" for v in range(N)],
    "grades with letters": [["1", "2", "3", "K"][v % 4] for v in range(N)],
    "classes by a limit": [["<=50K", ">50K"][v % 2] for v in range(N)],
    "bands": [["<10", "10-20", "20-30", ">30"][v % 4] for v in range(N)],
    "ordinals": [["1st", "2nd", "3rd", "4th"][v % 4] for v in range(N)],
    "ranges": [f"{v % 5}0-{v % 5 + 1}0" for v in range(N)],
    "scores": [f"{v % 4}-{v % 3}" for v in range(N)],
    "fractions": [f"{v % 4 + 1}/{v % 3 + 1}" for v in range(N)],
    "tickets": [f"A/5 {v % 40}" if v % 4 else f"{v}" for v in range(N)],
    "sizes with letters": [["S", "M", "L", "12"][v % 4] for v in range(N)],
    "mixed units": [f"{v % 9} kg" if v % 2 else f"{v % 9} lb" for v in range(N)],
    "card numbers": [f"{v:04d} 1234 5678 9012" for v in range(N)],
    "social security": [f"{v:03d}-45-6789" for v in range(N)],
    "car plates": [f"B-XY {v}" for v in range(N)],
    "flights": [f"LH{v}" for v in range(N)],
    "dice": [f"{v % 6 + 1}d6" for v in range(N)],
    "times of day": [f"{v % 24}:{v % 60:02d}" for v in range(N)],
}


def test_a_postcode_with_letters_has_no_unit():
    made, column = read([f"{100 + v}xx" for v in range(N)], "zip")
    assert column.became is Became.TEXT
    assert made.frame["zip"].iloc[0] == "100xx"


@pytest.mark.parametrize("what", TEXT)
def test_text_with_digits_is_text(what):
    made, column = read(TEXT[what])
    assert column.became in (Became.TEXT, Became.CODES)
    assert made.frame["it"].tolist() == TEXT[what]


def test_commas_are_decided_by_the_other_columns():
    points = [f"{v}.{v % 9}00" for v in range(100, 300)]
    made, _ = read(points, other=[f"{v},5" for v in range(N)])
    assert made.frame["it"].tolist() == [float(p.replace(".", "")) for p in points]
    alone, _ = read(points)
    assert alone.frame["it"].tolist() == [float(p) for p in points]


LEVELS = ["None", "none", "NA", "unknown", "-", "?", "missing", "N/A"]


@pytest.mark.parametrize("word", LEVELS)
def test_a_word_with_a_share_beside_other_classes_is_a_level(word):
    cells = [[word, "leak", "crack"][v % 3] for v in range(N)]
    made, column = read(cells)
    assert made.frame["it"].tolist() == cells
    assert column.levels == (word,)


@pytest.mark.parametrize("word", LEVELS)
def test_a_rare_word_is_missing(word):
    made, _ = read([word if v in (3, 90) else ["leak", "crack"][v % 2] for v in range(N)])
    assert np.flatnonzero(made.frame["it"].isna()).tolist() == [3, 90]


def test_a_rare_word_that_the_page_lists_is_a_level():
    cells = ["NA" if v in (3, 90) else ["Ex", "Gd"][v % 2] for v in range(N)]
    made, _ = read(cells, descriptions={"it": "Quality: Ex Excellent, Gd Good, NA No garage"})
    assert made.frame["it"].isna().sum() == 0
    made, _ = read(cells, descriptions={"it": "Quality; NA is a missing value"})
    assert made.frame["it"].isna().sum() == 2


def test_a_sign_that_is_missing_in_numbers_is_missing_beside_them():
    numbers = ["?" if v % 20 == 0 else str(v) for v in range(N)]
    made, _ = read([["?", "a", "b"][v % 3] for v in range(N)], other=numbers)
    assert made.frame["it"].isna().sum() == (N + 2) // 3


def test_a_number_beside_a_word_that_most_cells_are_leaves_a_level():
    cells = ["none" if v % 4 else f"{v % 3 + 1}0%" for v in range(N)]
    made, _ = read(cells)
    assert set(made.frame["it"]) == {"none", "10%", "20%", "30%"}
