"""Files that nobody would want to read: what people publish, and what they should not."""

from __future__ import annotations

import datetime
import decimal
import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

N = 300


def sound(name: str) -> pd.DataFrame:
    """A good table; another one for every name, so that none is another's twin."""
    n, rng = N, np.random.default_rng(zlib.crc32(name.encode()))
    x, z = rng.normal(size=n), rng.normal(size=n)
    return pd.DataFrame({"x": x, "z": z, "y": 3 * x + z + rng.normal(size=n)})


def write_more(folder: Path) -> None:
    """Write files beside those of the fixture, which name what is wrong with them."""
    _write_texts(folder)
    _write_values(folder)
    _write_names(folder)
    _write_binaries(folder)


def _write_texts(folder: Path) -> None:
    def text(name: str) -> str:
        return sound(name).to_csv(index=False)

    (folder / "bom.csv").write_bytes(b"\xef\xbb\xbf" + text("bom").encode())
    (folder / "null bytes.csv").write_text(text("null").replace("\n", "\x00\n", 40))
    (folder / "open quote.csv").write_text(text("quote").replace("\n", '\n"', 20))
    (folder / "cr only.csv").write_text(text("cr").replace("\n", "\r"), newline="")
    (folder / "page.csv").write_text("<html><body><h1>404</h1></body></html>\n" * 20)
    (folder / "blank lines.csv").write_text(text("blank lines").replace("\n", "\n\n\n"))
    (folder / "spaces.csv").write_text("   \n \n\n")
    (folder / "one row.csv").write_text("a,b,c\n1,2,3\n")
    (folder / "ragged.tsv").write_text("a\tb\n1\t2\t3\n" * 150)
    (folder / "archive.zip").write_bytes(b"PK\x05\x06" + b"\x00" * 18)
    (folder / "dangling.csv").symlink_to(folder / "nowhere.csv")
    (folder / "folder.csv").mkdir()
    (folder / "empty.jsonl").write_text("\n\n")
    (folder / "one object.json").write_text('{"a": 1}')
    (folder / "deep.json").write_text("[" * 5_000 + "]" * 5_000)
    (folder / "not numbers.jsonl").write_text('{"a": NaN, "b": -Infinity, "c": 1}\n' * N)
    sound("commas").to_csv(folder / "decimal commas.csv", index=False, sep=";", decimal=",")


def _write_values(folder: Path) -> None:
    rng = np.random.default_rng(4)

    def write(name: str, **columns: object) -> None:
        sound(name).assign(**columns).to_csv(folder / f"{name}.csv", index=False)

    write("one rare class", y=["no"] * (N - 1) + ["yes"])
    write("long cell", note=["x" * 1_000_000, *["short"] * (N - 1)])
    write("mixed kinds", x=[1, "two", 3.5, None] * (N // 4))
    write("tiny numbers", x=rng.normal(size=N) * 1e-310, z=-0.0)
    write("leading zeros", code=[f"{i:05d}" for i in rng.integers(0, 99, N)])
    write("percent", share=[f"{v:.1f}%" for v in rng.uniform(0, 100, N)])
    write("far dates", day=["0001-01-01", "9999-12-31", "2020-02-30"] * (N // 3))
    write("zones", at=["2020-01-01 00:00:00+02:00", "2020-06-01 00:00:00-05:00"] * (N // 2))
    write("holes", z=[None, 1.0] * (N // 2), y=[None] * 280 + list(range(20)))
    write("every row the same", x=1.0, z=2.0, y=3.0)
    pd.DataFrame({"day": pd.date_range("2020-01-01", periods=N)}).to_csv(
        folder / "only dates.csv", index=False
    )
    pd.DataFrame({f"id{i}": rng.permutation(N) for i in range(4)}).to_csv(
        folder / "only keys.csv", index=False
    )
    pd.DataFrame(rng.normal(size=(3, 4_000))).to_csv(folder / "wide and short.csv", index=False)


def _write_names(folder: Path) -> None:
    names = {
        "case": ["a", "A", "a "],
        "blank": ["", " ", "\t"],
        "long": ["n" * 600, "n" * 601, "m"],
        "lines": ["first\nline", "se\rcond", "th`ird"],
        "sql": ['x"; DROP TABLE train_set; --', "'quoted'", "a,b"],
        "signs": ["🙂", "שלום", "a\u202eb"],
        "ours": ["row_id", "train_set", "prediction.csv"],
        "templates": ["{target}", "{train}", "%s"],
    }
    for name, columns in names.items():
        sound(name).set_axis(columns, axis=1).to_csv(folder / f"names {name}.csv", index=False)


def _write_binaries(folder: Path) -> None:
    frame = sound("kinds")
    table = pa.table(
        {
            **{name: frame[name].to_numpy() for name in frame},
            "price": pa.array([decimal.Decimal(i) / 7 for i in range(N)]),
            "day": pa.array([datetime.date(2020, 1, 1 + i % 28) for i in range(N)]),
            "raw": pa.array([b"\x00\xff"] * N),
            "list": pa.array([[1, 2]] * N),
            "nothing": pa.nulls(N),
            "length": pa.array([datetime.timedelta(seconds=i) for i in range(N)]),
        }
    )
    pq.write_table(table, folder / "kinds.parquet")
    pq.write_table(table.slice(0, 0), folder / "no rows.parquet")
    with closing(sqlite3.connect(folder / "no tables.db")) as connection:
        connection.execute("CREATE TABLE a (x); ")
        connection.execute("DROP TABLE a")
        connection.commit()
    with closing(sqlite3.connect(folder / "blobs.sqlite")) as connection:
        connection.execute("CREATE TABLE a (x, y, z)")
        rows = [(b"\xff\xfe", i, "text" if i % 2 else None) for i in range(N)]
        connection.executemany("INSERT INTO a VALUES (?, ?, ?)", rows)
        connection.commit()
    sound("excel").assign(f="=1/0", link='=HYPERLINK("http://localhost","x")').to_excel(
        folder / "formulas.xlsx", index=False
    )
    pd.DataFrame().to_excel(folder / "empty.xlsx", index=False)
    (folder / "records.json").write_text(
        json.dumps([{"x": 1, "more": {"deep": {"deeper": [1]}}}] * N)
    )
