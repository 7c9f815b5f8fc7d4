"""A known table that is written in any dialect, encoding and spelling comes back as it was."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.profiling.clean import tidy
from darebench.curate.sources.data_files import read_any

N = 60
MONEY = {"": "{}", "$": "${}", "€": "{} €", "EUR": "{} EUR", "%": "{} %", "kmpl": "{} kmpl"}
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y", "%Y/%m/%d")
KINDS = {
    "utf-8": ["flat", "house", "loft"],
    "utf-8-sig": ["Größe", "château", "дом"],
    "utf-16": ["公寓", "дом", "loft"],
    "cp1252": ["Größe", "Straße", "Fläche"],
    "cp1251": ["дом", "квартира", "лофт"],
    "cp1250": ["łódź", "źródło", "dom"],
    "gb18030": ["公寓", "房子", "阁楼"],
    "shift_jis": ["アパート", "東京都", "ロフト"],
}
TITLES = ([], [["Homes of the district"]], [["Homes"], [], ["Drawn up in spring"]])
FOOTERS = ([], [["Source: the office"]], [["Total", "", "", "", "99999"]])


def number(value: float, decimal: str, thousands: str) -> str:
    text = f"{value:,.2f}".replace(",", "_").replace(".", decimal)
    return text.replace("_", thousands)


@st.composite
def spelled(draw):
    """Draw a table, and how it is written."""
    decimal, thousands = draw(st.sampled_from([(".", ""), (".", ","), (",", "."), (",", "\u00a0")]))
    delimiter = draw(st.sampled_from([";", "\t", "|"] if decimal == "," else [",", ";", "\t", "|"]))
    encoding = draw(st.sampled_from(sorted(KINDS)))
    unit = draw(st.sampled_from(sorted(MONEY)))
    if encoding in ("cp1251", "gb18030", "shift_jis", "cp1250") and unit == "€":
        unit = "EUR"
    if thousands == "\u00a0" and encoding in ("gb18030", "shift_jis"):
        thousands = " "
    return {
        "decimal": decimal,
        "thousands": thousands,
        "delimiter": delimiter,
        "encoding": encoding,
        "unit": unit,
        "date": draw(st.sampled_from(DATES)),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "title": draw(st.sampled_from(TITLES)),
        "footer": draw(st.sampled_from(FOOTERS)),
        "bad": draw(st.lists(st.integers(0, N - 1), max_size=2, unique=True)),
        "word": draw(st.sampled_from(["NA", "-", "unknown", "#N/A", "?"])),
        "seed": draw(st.integers(0, 10_000)),
    }


def truth(how: dict) -> pd.DataFrame:
    rng = np.random.default_rng(how["seed"])
    return pd.DataFrame(
        {
            "day": pd.date_range("2019-01-28", periods=N).strftime("%Y-%m-%d"),
            "rooms": rng.integers(1, 7, N),
            "kind": rng.permutation(KINDS[how["encoding"]] * (N // 3)),
            "area": rng.uniform(0.01, 0.99, N).round(2) + rng.integers(10, 99, N),
            "price": (rng.uniform(1_000, 900_000, N)).round(2),
        }
    )


def written(frame: pd.DataFrame, how: dict) -> bytes:
    stream = io.StringIO(newline="")
    rows = csv.writer(
        stream, delimiter=how["delimiter"], quoting=how["quoting"], lineterminator=how["end"]
    )
    rows.writerows(how["title"])
    rows.writerow(frame.columns)
    for i, row in enumerate(frame.itertuples(index=False)):
        price = MONEY[how["unit"]].format(number(row.price, how["decimal"], how["thousands"]))
        rows.writerow(
            [
                pd.Timestamp(row.day).strftime(how["date"]),
                row.rooms,
                row.kind,
                number(row.area, how["decimal"], ""),
                how["word"] if i in how["bad"] else price,
            ]
        )
    rows.writerows(how["footer"])
    return stream.getvalue().encode(how["encoding"])


@settings(max_examples=150, deadline=None)
@given(spelled())
def test_a_known_table_comes_back_from_every_spelling(how):
    expected = truth(how)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(written(expected, how))
        table = read_any(path)
    made = tidy(table.frame)
    got = made.frame
    assert list(got.columns) == list(expected.columns)
    bad = expected["price"].index.isin(how["bad"])
    expected["price"] = expected["price"].mask(bad)
    assert got["day"].tolist() == expected["day"].tolist()
    assert got["kind"].tolist() == expected["kind"].tolist()
    for name in ("rooms", "area", "price"):
        np.testing.assert_allclose(got[name].to_numpy(float), expected[name].to_numpy(float))
    price = next(column for column in made.columns if column.name == "price")
    assert (price.unit, price.blanked) == (how["unit"], len(how["bad"]))
